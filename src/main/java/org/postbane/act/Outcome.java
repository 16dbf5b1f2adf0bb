package org.postbane.act;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;

/**
 * What several changes come to in the end. A ban that has ended by then is as good as lifted.
 *
 * @param <K> what the place knows a ban by
 * @param imposed last words, in their order
 * @param lifted none of which is imposed
 */
record Outcome<K>(Map<K, Ban> imposed, Map<K, Ban> lifted) {

    /**
     * @param takes which bans the place can hold; the others are passed over
     * @param key asked of these only
     */
    static <K> Outcome<K> of(List<Decision> changes, Predicate<Ban> takes, Function<Ban, K> key, Instant now) {
        Map<K, Ban> imposed = new LinkedHashMap<>();
        Map<K, Ban> lifted = new LinkedHashMap<>();
        for (Decision change : changes) {
            Ban ban = change.ban();
            if (takes.test(ban)) {
                K known = key.apply(ban);
                boolean imposes =
                        change instanceof Decision.Impose && ban.until().isAfter(now);
                (imposes ? imposed : lifted).put(known, ban);
                (imposes ? lifted : imposed).remove(known);
            }
        }
        return new Outcome<>(imposed, lifted);
    }

    boolean isNothing() {
        return imposed.isEmpty() && lifted.isEmpty();
    }
}
