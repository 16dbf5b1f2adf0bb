package org.postbane.decide;

import java.time.Duration;
import java.time.Instant;
import org.postbane.decide.Sentencing.Limit;
import org.postbane.decide.Sentencing.Term;
import org.postbane.score.Scored;

/** Reckons limits and ends of sentences. Pure. */
final class Terms {

    private static final int MAX_DOUBLINGS = 20; // fail2ban's bound

    private Terms() {}

    /** The points from which on a standing is over the limit; for a severity, {@code 1 - exp(-points/scale)} turned round. */
    static double points(Limit limit, double scale) {
        return limit instanceof Limit.Severity severity
                ? -Math.log1p(-severity.threshold()) * scale
                : ((Limit.Count) limit).maxRetry();
    }

    /**
     * The end of a ban pronounced now; {@link Instant#MAX} for never.
     *
     * @param earlier bans of this subject in this jail that are over
     */
    static Instant end(Sentencing sentencing, Scored scored, int earlier) {
        if (sentencing.term() instanceof Term.Decay decay) {
            return decayed(decay, sentencing.limit(), scored);
        }
        return plus(scored.at(), length((Term.Fixed) sentencing.term(), earlier));
    }

    private static Instant decayed(Term.Decay term, Limit limit, Scored scored) {
        Instant below = scored.standing()
                .fallsBelow(
                        points(limit, scored.weighing().scale()),
                        scored.weighing().memory());
        Instant earliest = plus(scored.at(), term.min());
        Instant latest = plus(scored.at(), term.max());
        return below.isBefore(earliest) ? earliest : below.isAfter(latest) ? latest : below;
    }

    private static Duration length(Term.Fixed term, int earlier) {
        if (!term.increment() || term.time().equals(Sentencing.FOREVER)) {
            return term.time();
        }
        double seconds = seconds(term.time()) * term.factor() * (1 << Math.min(earlier, MAX_DOUBLINGS));
        if (seconds >= seconds(term.max())) {
            return term.max();
        }
        return Duration.ofMillis(Math.max(1, Math.round(Math.min(seconds * 1000, 9e18))));
    }

    private static double seconds(Duration span) {
        return span.getSeconds() + span.getNano() * 1e-9;
    }

    /** Without overflow: what lies beyond all time is never. */
    static Instant plus(Instant at, Duration span) {
        long room = Instant.MAX.getEpochSecond() - at.getEpochSecond();
        return span.toSeconds() >= room ? Instant.MAX : at.plus(span);
    }
}
