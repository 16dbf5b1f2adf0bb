package org.postbane.decide;

import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;

/**
 * When one jail bans, for how long, and where. The part of a {@code jails.conf} section that deciding uses.
 *
 * @param jail name of the section
 * @param limit how much is too much
 * @param alpha the certainty asked: the highest chance at which an honest client may ever be banned, above 0 and below 1;
 *     empty for {@code certainty = off}
 * @param term how long a ban lasts
 * @param actions names of the actions that make it hold
 */
public record Sentencing(String jail, Limit limit, OptionalDouble alpha, Term term, List<String> actions) {

    public Sentencing {
        actions = List.copyOf(actions);
        if (alpha.isPresent() && !(alpha.getAsDouble() > 0 && alpha.getAsDouble() < 1)) {
            throw new IllegalArgumentException("certainty %s is not between 0 and 1".formatted(alpha));
        }
    }

    /** How much is too much. */
    public sealed interface Limit {

        /** Banned when the severity, 0 to 1, is {@code threshold} or more. */
        record Severity(double threshold) implements Limit {
            public Severity {
                if (!(threshold > 0 && threshold < 1)) {
                    throw new IllegalArgumentException("threshold %s is not between 0 and 1".formatted(threshold));
                }
            }
        }

        /** Banned when the points are {@code maxRetry} or more: fail2ban's word. */
        record Count(double maxRetry) implements Limit {
            public Count {
                if (!(maxRetry > 0)) {
                    throw new IllegalArgumentException("maxretry %s is not above 0".formatted(maxRetry));
                }
            }
        }
    }

    /** How long a ban lasts. */
    public sealed interface Term {

        /** Until the severity, left alone, falls below the limit again; not shorter than {@code min}, not longer than {@code max}. */
        record Decay(Duration min, Duration max) implements Term {
            public Decay {
                if (min.isNegative() || min.isZero() || max.compareTo(min) < 0) {
                    throw new IllegalArgumentException("a term of %s to %s is none".formatted(min, max));
                }
            }
        }

        /**
         * A fixed time. With {@code increment}, fail2ban's rule for repeat offenders: {@code time * factor * 2^n}, n the
         * earlier bans of this subject in this jail (at most 20), not longer than {@code max}.
         *
         * @param time {@link Sentencing#FOREVER} for a permanent ban
         */
        record Fixed(Duration time, boolean increment, double factor, Duration max) implements Term {
            public Fixed {
                if (time.isNegative() || time.isZero() || !(factor > 0) || max.compareTo(time) < 0) {
                    throw new IllegalArgumentException(
                            "a term of %s, factor %s, at most %s is none".formatted(time, factor, max));
                }
            }
        }
    }

    /** The time of a permanent ban ({@code bantime = -1}). */
    public static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);
}
