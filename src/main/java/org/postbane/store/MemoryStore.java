package org.postbane.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision.Cause;
import org.postbane.model.Subject;
import org.postbane.score.Offence;
import org.postbane.score.Standing;
import org.postbane.source.Position;

/**
 * A store that forgets all with its process: for replays, and for tests. Cuts times as the database does, so that a replay
 * gives the bans that the daemon would have given.
 *
 * <p>From one thread. Memory grows with the subjects seen; of each subject the newest {@value #MOST_OFFENCES} offences
 * are kept. Nothing can fail.
 */
public final class MemoryStore implements StateStore {

    private static final int MOST_OFFENCES = 256;

    private final Map<String, Position> positions = new HashMap<>();
    private final Map<String, byte[]> rows = new HashMap<>();
    private final Map<Key, Standing> standings = new HashMap<>();
    private final Map<Subject, List<Offence>> offences = new HashMap<>();
    private final Map<Key, Ban> bans = new LinkedHashMap<>();
    private final Map<Key, List<Instant>> ends = new HashMap<>();

    @Override
    public Optional<Position> position(String source) {
        return Optional.ofNullable(positions.get(source));
    }

    @Override
    public void save(String source, Position position) {
        positions.put(source, position);
    }

    @Override
    public void forEachRow(BiConsumer<String, byte[]> visitor) {
        Map.copyOf(rows).forEach((key, row) -> visitor.accept(key, row.clone()));
    }

    @Override
    public void saveRow(String key, byte[] row) {
        rows.put(key, Stored.row(key, row));
    }

    @Override
    public void removeRow(String key) {
        rows.remove(key);
    }

    @Override
    public @Nullable Standing standing(String jail, Subject subject) {
        return standings.get(new Key(subject, jail));
    }

    @Override
    public void save(String jail, Subject subject, Standing standing) {
        standings.put(new Key(subject, jail), Stored.of(standing));
    }

    @Override
    public void append(Offence offence) {
        Offence cut = Stored.of(offence);
        List<Offence> oldestFirst = offences.computeIfAbsent(cut.subject(), s -> new ArrayList<>(1));
        int at = oldestFirst.size();
        while (at > 0 && oldestFirst.get(at - 1).at().isAfter(cut.at())) {
            at--;
        }
        oldestFirst.add(at, cut);
        if (oldestFirst.size() > MOST_OFFENCES) {
            oldestFirst.remove(0);
        }
    }

    @Override
    public List<Offence> offences(Subject subject, int most) {
        List<Offence> newestFirst = new ArrayList<>();
        List<Offence> oldestFirst = offences.getOrDefault(subject, List.of());
        for (int i = oldestFirst.size() - 1; i >= 0 && newestFirst.size() < most; i--) {
            newestFirst.add(oldestFirst.get(i));
        }
        return newestFirst;
    }

    @Override
    public void forgetBefore(Instant before) {
        standings.values().removeIf(s -> s.asOf().isBefore(before));
        offences.values().forEach(list -> list.removeIf(o -> o.at().isBefore(before)));
        offences.values().removeIf(List::isEmpty);
    }

    @Override
    public void forEachInForce(Consumer<Ban> visitor) {
        List.copyOf(bans.values()).forEach(visitor);
    }

    @Override
    public void save(Ban ban) {
        bans.put(new Key(ban.subject(), ban.jail()), Stored.of(ban));
    }

    @Override
    public void end(Ban ban, Instant at, Cause cause) {
        Key key = new Key(ban.subject(), ban.jail());
        if (bans.remove(key) != null) {
            ends.computeIfAbsent(key, k -> new ArrayList<>(1)).add(at);
        }
    }

    @Override
    public int earlier(Subject subject, String jail) {
        return ends.getOrDefault(new Key(subject, jail), List.of()).size();
    }

    @Override
    public void forgetEndedBefore(Instant before) {
        ends.values().forEach(list -> list.removeIf(at -> at.isBefore(before)));
        ends.values().removeIf(List::isEmpty);
    }

    @Override
    public void commit() {
        // what memory can make durable is so already
    }

    @Override
    public void sync() {
        commit();
    }

    @Override
    public void snapshot(Instant at) {
        // nothing outlives us
    }

    @Override
    public void close() {
        // the garbage collector does
    }
}
