package org.postbane.score;

import java.time.Duration;
import java.util.Map;

/**
 * What one jail counts, for whom, and how it forgets. The part of a {@code jails.conf} section that scoring uses.
 *
 * @param jail name of the section
 * @param subject who is judged
 * @param direction which mail counts
 * @param weights points for each offence of a kind; kinds that are missing do not count
 * @param memory how points fade
 * @param scale points at which the severity {@code 1 - exp(-points/scale)} is 0.632; above 0
 * @param sure the jail asks for certainty: then each message, ham too, is a trial of honesty, and evidence is kept
 */
public record Weighing(
        String jail,
        Who subject,
        Direction direction,
        Map<OffenceKind, Double> weights,
        Memory memory,
        double scale,
        boolean sure) {

    public Weighing {
        weights = Map.copyOf(weights);
        if (!(scale > 0)) {
            throw new IllegalArgumentException("scale %s is not above 0".formatted(scale));
        }
        if (weights.values().stream().anyMatch(w -> !(w > 0) || w.isInfinite())) {
            throw new IllegalArgumentException("weights must be above 0: %s".formatted(weights));
        }
    }

    /** Of a jail that asks for certainty. */
    public Weighing(
            String jail,
            Who subject,
            Direction direction,
            Map<OffenceKind, Double> weights,
            Memory memory,
            double scale) {
        this(jail, subject, direction, weights, memory, scale, true);
    }

    /** True where the jail counts offences of this kind. */
    public boolean weighs(OffenceKind kind) {
        return weights.containsKey(kind);
    }

    /** True where the jail counts what messages do and asks for certainty, so that each message is a trial for it. */
    public boolean weighsTrials() {
        boolean messages = weighs(OffenceKind.SPAM)
                || weighs(OffenceKind.VIRUS)
                || weighs(OffenceKind.BANNED)
                || weighs(OffenceKind.TRAP);
        return sure && messages;
    }

    /** Whose standing a deed changes. */
    public enum Who {
        /** The client's address. */
        CLIENT,
        /** The client's network: /24 for IPv4, /64 for IPv6. */
        NETWORK,
        /** The login that submitted. */
        ACCOUNT,
        /** The envelope sender. */
        SENDER
    }

    /** Which mail a jail looks at. */
    public enum Direction {
        /** From clients that did not log in. */
        IN,
        /** From clients that logged in. */
        OUT,
        ANY
    }

    /** How points fade. */
    public sealed interface Memory {

        /** Seconds in which the evidence for the certainty fades to half. */
        double evidenceHalfLife();

        /** Points halve every {@code halfLife}: {@code V(t) = V(t0) * 2^(-(t-t0)/H)}. */
        record HalfLife(Duration halfLife) implements Memory {
            public HalfLife {
                requirePositive(halfLife);
            }

            @Override
            public double evidenceHalfLife() {
                return Standing.seconds(halfLife);
            }
        }

        /** Points count whole for {@code length}, then not at all. */
        record Window(Duration length) implements Memory {
            public Window {
                requirePositive(length);
            }

            /** Why: class {@link Standing}. */
            @Override
            public double evidenceHalfLife() {
                return Standing.seconds(length) * Math.log(2);
            }
        }

        private static void requirePositive(Duration duration) {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException("duration %s is not above 0".formatted(duration));
            }
        }
    }
}
