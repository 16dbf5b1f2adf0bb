package org.postbane.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Parser and correlator on logs that attackers wrote into, one after the other, each made from a seed: nobody is blamed whose
 * address stands in strangers' text only, nobody honest for what others did, nothing is thrown, and memory stays bounded.
 *
 * <p>{@code POSTBANE_FUZZ_SECONDS} says for how long (10; in CI 60, nightly as long as you like), {@code POSTBANE_FUZZ_SEED} repeats
 * one log. A failure prints its seed and the least log that still fails, and the seed again.
 */
final class HostileSessionsTest {

    @Test
    void accept_logsThatAttackersWroteInto_blameTheirPeersOnly() {
        String one = System.getenv("POSTBANE_FUZZ_SEED");
        long seconds = Long.parseLong(System.getenv().getOrDefault("POSTBANE_FUZZ_SECONDS", "10"));
        long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        long first = one == null ? System.nanoTime() : Long.parseLong(one);
        long seed = first;
        int blamed = 0;

        do {
            List<String> log = Sessions.of(seed);
            BlameCheck run = new BlameCheck();
            Optional<String> fault = run.fault(log);
            if (fault.isPresent()) {
                // twice, as whoever prints this may cut it
                String what = "POSTBANE_FUZZ_SEED=%d: %s".formatted(seed, fault.get());
                fail(what + "\n" + String.join("\n", LeastLog.of(Sessions.whole(seed), log)) + "\n" + what);
            }
            blamed += run.blamed();
            seed++;
        } while (one == null && System.nanoTime() < end);

        System.out.printf("hostile sessions: %d logs from seed %d, %d deeds%n", seed - first, first, blamed);
        assertTrue(blamed > seed - first, "the guilty are found, so that something was tried");
    }
}
