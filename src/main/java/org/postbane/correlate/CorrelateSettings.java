package org.postbane.correlate;

import java.time.Duration;

/**
 * How long and how much the correlator remembers.
 *
 * @param mostOpen open messages; beyond that the oldest are given up
 * @param oldest an open message is given up after this time; Postfix's maximal_queue_lifetime is 5 d
 * @param linger late lines of a message are still understood for this time after {@code removed}
 * @param patience how long the deliveries that tell of a verdict's recipients are waited for
 */
public record CorrelateSettings(int mostOpen, Duration oldest, Duration linger, Duration patience) {

    public static final CorrelateSettings DEFAULT =
            new CorrelateSettings(100_000, Duration.ofDays(6), Duration.ofSeconds(10), Duration.ofSeconds(3));

    public CorrelateSettings {
        if (mostOpen < 1) {
            throw new IllegalArgumentException("%d open messages are too few".formatted(mostOpen));
        }
    }
}
