package org.postbane.score;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Origin;
import org.postbane.model.Subject;

/**
 * The standings of one jail's subjects: a write-back cache before the store.
 *
 * <p>Two generations bound what is kept. Each touch brings an entry into the young one; a flush at which that is full
 * makes it the old one, and drops what the old one held. All changed entries are young, so what is dropped is saved.
 */
final class Ledger {

    private final Weighing weighing;
    private final @Nullable ScoreStore store;
    private final int generation;
    /** By {@link OffenceKind#ordinal}: looked up for each deed and jail. */
    private final double[] weights = new double[OffenceKind.values().length];

    private final boolean trials;
    private final List<Entry> changed = new ArrayList<>();
    private Map<Subject, Entry> young = new HashMap<>();
    private Map<Subject, Entry> old = Map.of();
    /** Young; asked for again by the victims that follow a verdict. */
    private @Nullable Entry last;

    /**
     * @param store null to keep all here, for ever
     * @param generation how many unchanged entries make a full generation
     */
    Ledger(Weighing weighing, @Nullable ScoreStore store, int generation) {
        this.weighing = weighing;
        this.store = store;
        this.generation = generation;
        weighing.weights().forEach((kind, weight) -> weights[index(kind)] = weight);
        trials = weighing.weighsTrials();
    }

    /** A subject and how it stands; changed through its ledger only. */
    static final class Entry extends Account {
        private final Subject subject;
        private boolean changed;

        private Entry(Subject subject, Standing standing) {
            super(standing);
            this.subject = subject;
        }

        Subject subject() {
            return subject;
        }
    }

    Weighing weighing() {
        return weighing;
    }

    /** Points for one offence of the kind; 0 if it does not count. */
    double weight(OffenceKind kind) {
        return weights[index(kind)];
    }

    @SuppressWarnings("EnumOrdinal") // within one run, and never stored
    private static int index(OffenceKind kind) {
        return kind.ordinal();
    }

    boolean weighsTrials() {
        return trials;
    }

    boolean looksAt(Origin origin) {
        return switch (weighing.direction()) {
            case IN -> !origin.isOutgoing();
            case OUT -> origin.isOutgoing();
            case ANY -> true;
        };
    }

    /** The subject's entry; a clean one as of {@code at} if it is new. */
    Entry get(Subject subject, Instant at) {
        Entry entry = find(subject);
        if (entry == null) {
            entry = new Entry(subject, Standing.clean(at));
            young.put(subject, entry);
            last = entry;
        }
        return entry;
    }

    /** The subject's entry, or null if there is none. */
    @Nullable
    Entry find(Subject subject) {
        if (last == null || !last.subject.equals(subject)) {
            last = lookUp(subject);
        }
        return last;
    }

    private @Nullable Entry lookUp(Subject subject) {
        Entry entry = young.get(subject);
        if (entry != null) {
            return entry;
        }
        entry = old.get(subject);
        if (entry == null) {
            Standing saved = store == null ? null : store.standing(weighing.jail(), subject);
            if (saved == null) {
                return null;
            }
            entry = new Entry(subject, saved);
        }
        young.put(subject, entry);
        return entry;
    }

    void put(Entry entry, Standing standing) {
        entry.set(standing);
        changed(entry);
    }

    /** As {@link Account#add}; trials where the jail weighs any. */
    void add(Entry entry, Instant t, double weight, int spam, int ham, int victims, int messages) {
        entry.add(t, weight, trials ? spam : 0, trials ? ham : 0, victims, messages, weighing.memory());
        changed(entry);
    }

    private void changed(Entry entry) {
        if (store != null && !entry.changed) {
            entry.changed = true;
            changed.add(entry);
        }
    }

    /** How many entries wait for a flush. */
    int changed() {
        return changed.size();
    }

    void flush() {
        if (store == null) {
            return;
        }
        for (Entry entry : changed) {
            store.save(weighing.jail(), entry.subject, entry.standing());
            entry.changed = false;
        }
        changed.clear();
        if (young.size() >= generation) {
            old = young;
            young = new HashMap<>();
            last = null;
        }
    }
}
