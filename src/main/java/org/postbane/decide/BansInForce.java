package org.postbane.decide;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    /** {@code serial} makes equal ends distinct, and keeps them in the order of their coming. */
    private record Due(Ban ban, long serial) {}

    private static final Comparator<Due> BY_END =
            Comparator.comparing((Due due) -> due.ban.until()).thenComparingLong(Due::serial);

    private final Map<Subject, List<Due>> bySubject = new HashMap<>(); // lists are short, immutable, never empty
    private final TreeSet<Due> byEnd = new TreeSet<>(BY_END);
    private final int[] lengths = new int[129]; // how many bans have this prefix length in the 128-bit space
    private long serial;

    /** In the place of the one of the same subject and jail. */
    void put(Ban ban) {
        remove(ban.subject(), ban.jail());
        Due due = new Due(ban, serial++);
        List<Due> others = bySubject.getOrDefault(ban.subject(), List.of());
        List<Due> all = new ArrayList<>(others);
        all.add(due);
        bySubject.put(ban.subject(), List.copyOf(all));
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
        List<Due> others = bySubject.getOrDefault(subject, List.of()).stream()
                .filter(other -> other.serial != due.serial)
                .toList();
        if (others.isEmpty()) {
            bySubject.remove(subject);
        } else {
            bySubject.put(subject, others);
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
        return byEnd.isEmpty() || byEnd.first().ban.until().isAfter(now) ? null : byEnd.first().ban;
    }

    /** When the next ban ends; empty if none ever does. */
    Optional<Instant> nextEnd() {
        return byEnd.isEmpty() || byEnd.first().ban.isPermanent()
                ? Optional.empty()
                : Optional.of(byEnd.first().ban.until());
    }

    /** A copy, in the order of their ends. */
    List<Ban> all() {
        return byEnd.stream().map(Due::ban).toList();
    }

    /** A copy; those of exactly this subject. */
    List<Ban> of(Subject subject) {
        return bans(bySubject.getOrDefault(subject, List.of())).toList();
    }

    private static Stream<Ban> bans(Collection<Due> dues) {
        return dues.stream().map(Due::ban);
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
