package org.postbane.decide;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/**
 * The bans in force: by subject, by end, and by the addresses they hold. Mutable, for one thread; some 300 bytes a ban.
 *
 * <p>Networks are found by looking up each length that any ban has: few lengths occur, so that costs a few hash look-ups
 * and no trie.
 */
final class BansInForce {

    /**
     * A ban, and its place in the queue of ends. A ban that is prolonged keeps its place, and moves when its turn comes: most
     * are prolonged many times before.
     */
    private static final class Due {
        private Ban ban;
        private Instant place; // not after the ban's end
        private final long serial; // makes equal places distinct, and keeps them in the order of their coming

        private Due(Ban ban, long serial) {
            this.ban = ban;
            this.place = ban.until();
            this.serial = serial;
        }
    }

    private static final Comparator<Due> BY_PLACE = (a, b) -> {
        int byPlace = a.place.compareTo(b.place);
        return byPlace != 0 ? byPlace : Long.compare(a.serial, b.serial);
    };

    private final Map<Subject, List<Due>> bySubject = new HashMap<>(); // lists are short, immutable, never empty
    private final TreeSet<Due> byEnd = new TreeSet<>(BY_PLACE);
    private final int[] lengths = new int[129]; // how many bans have this prefix length in the 128-bit space
    private long serial;

    /** In the place of the one of the same subject and jail. */
    void put(Ban ban) {
        Due due = new Due(ban, serial++);
        if (bySubject.putIfAbsent(ban.subject(), List.of(due))
                != null) { // the rare case: at a start there are many bans
            Due before = find(ban.subject(), ban.jail());
            if (before != null && !ban.until().isBefore(before.place)) {
                before.ban = ban;
                return;
            }
            remove(ban.subject(), ban.jail());
            List<Due> all = new ArrayList<>(bySubject.getOrDefault(ban.subject(), List.of()));
            all.add(due);
            bySubject.put(ban.subject(), List.copyOf(all));
        }
        byEnd.add(due);
        if (ban.subject() instanceof Subject.Client client) {
            lengths[client.prefix().bits()]++;
        }
    }

    /** The ban of this subject and jail, or null. */
    @Nullable
    Ban get(Subject subject, String jail) {
        Due due = find(subject, jail);
        return due == null ? null : due.ban;
    }

    /** Does nothing where there is none. */
    void remove(Subject subject, String jail) {
        Due due = find(subject, jail);
        if (due == null) {
            return;
        }
        List<Due> others = new ArrayList<>(bySubject.getOrDefault(subject, List.of()));
        others.remove(due);
        if (others.isEmpty()) {
            bySubject.remove(subject);
        } else {
            bySubject.put(subject, List.copyOf(others));
        }
        byEnd.remove(due);
        if (subject instanceof Subject.Client client) {
            lengths[client.prefix().bits()]--;
        }
    }

    private @Nullable Due find(Subject subject, String jail) {
        for (Due due : bySubject.getOrDefault(subject, List.of())) {
            if (due.ban.jail().equals(jail)) {
                return due;
            }
        }
        return null;
    }

    /** The ban that ends first, if it has ended at {@code now}. */
    @Nullable
    Ban ended(Instant now) {
        settleFirst();
        return byEnd.isEmpty() || byEnd.first().ban.until().isAfter(now) ? null : byEnd.first().ban;
    }

    /** Moves those that were prolonged away from the front, until the first is where it belongs. */
    private void settleFirst() {
        while (!byEnd.isEmpty()
                && byEnd.first().place.isBefore(byEnd.first().ban.until())) {
            move(byEnd.first());
        }
    }

    private void move(Due due) {
        byEnd.remove(due);
        due.place = due.ban.until();
        byEnd.add(due);
    }

    /** A copy, in the order of their ends. */
    List<Ban> all() {
        return byEnd.stream()
                .map(due -> due.ban)
                .sorted(Comparator.comparing(Ban::until))
                .toList();
    }

    /** A copy; those of exactly this subject. */
    List<Ban> of(Subject subject) {
        return bans(bySubject.getOrDefault(subject, List.of())).toList();
    }

    private static Stream<Ban> bans(Collection<Due> dues) {
        return dues.stream().map(due -> due.ban);
    }

    /** Those that keep this subject out: of itself first, then of the networks that hold it, from small to large. */
    List<Ban> covering(Subject subject) {
        if (!(subject instanceof Subject.Client client)) {
            return of(subject);
        }
        IpPrefix prefix = client.prefix();
        List<Ban> found = new ArrayList<>();
        int shortest = prefix.isIpv4() ? 96 : 0;
        for (int bits = prefix.bits(); bits >= shortest; bits--) {
            if (lengths[bits] > 0) {
                found.addAll(of(new Subject.Client(prefix.network(bits - shortest))));
            }
        }
        return List.copyOf(found);
    }

    int size() {
        return byEnd.size();
    }
}
