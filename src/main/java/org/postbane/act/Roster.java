package org.postbane.act;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;

/**
 * The bans of one action. Several jails may ban one subject; the action is to hold the ban that lasts longest, and to lift it
 * only when no jail bans the subject any more.
 *
 * <p>Threads: guarded by its owner. Memory: about 100 bytes a subject beside the bans.
 */
final class Roster {

    /** Of two bans that end together the first name of a jail wins, so that the answer does not depend on their order. */
    private static final Comparator<Ban> SHORTEST_FIRST =
            Comparator.comparing(Ban::until).thenComparing(Ban::jail, Comparator.reverseOrder());

    /** Never an empty list. Lists are immutable and mostly of one ban. */
    private final Map<Subject, List<Ban>> bans = new HashMap<>();

    /** How many subjects are banned. */
    int size() {
        return bans.size();
    }

    boolean holds(Subject subject) {
        return bans.containsKey(subject);
    }

    /** The longest ban of each subject. */
    List<Ban> inForce() {
        List<Ban> longest = new ArrayList<>(bans.size());
        bans.values().forEach(list -> longest.add(longest(list)));
        return longest;
    }

    /** Takes in a ban if it is the first of its subject, and says whether it was. Of many bans nearly all are. */
    boolean takeFirst(Ban ban) {
        return bans.putIfAbsent(ban.subject(), List.of(ban)) == null;
    }

    /** What {@code change} means to the action; null if nothing. */
    @Nullable
    Decision apply(Decision change) {
        Subject subject = change.ban().subject();
        List<Ban> before = bans.get(subject);
        if (change instanceof Decision.Impose) {
            impose(change.ban());
        } else {
            lift(change.ban());
        }
        List<Ban> after = bans.get(subject);
        if (after == null) {
            return before == null ? null : change;
        }
        Ban longest = longest(after);
        return before != null && longest(before).equals(longest) ? null : new Decision.Impose(longest);
    }

    private void impose(Ban ban) {
        bans.merge(ban.subject(), List.of(ban), (old, added) -> {
            List<Ban> merged = new ArrayList<>(withoutJail(old, ban.jail()));
            merged.add(ban);
            return List.copyOf(merged);
        });
    }

    private void lift(Ban ban) {
        bans.computeIfPresent(ban.subject(), (subject, old) -> {
            List<Ban> left = withoutJail(old, ban.jail());
            return left.isEmpty() ? null : left;
        });
    }

    private static List<Ban> withoutJail(List<Ban> list, String jail) {
        return list.stream().filter(ban -> !ban.jail().equals(jail)).toList();
    }

    private static Ban longest(List<Ban> list) {
        return list.size() == 1
                ? list.get(0)
                : list.stream().max(SHORTEST_FIRST).orElseThrow();
    }
}
