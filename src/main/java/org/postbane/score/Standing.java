package org.postbane.score;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.postbane.score.Weighing.Memory;
import org.postbane.score.Weighing.Memory.HalfLife;

/**
 * How one subject stands in one jail. Immutable; the arithmetic of scores is here, in {@link Account} and in {@link Evidence}.
 *
 * <p>With a half-life H, {@code V(t) = V(t0) * 2^(-(t-t0)/H) + v}: old and new points add up in one number, so a subject
 * costs a few words and no timer (Cormode et al., "Forward Decay", ICDE 2009). With a window of length W the sum is exact:
 * a weight counts while its age is below W.
 *
 * <p>A late line, older than {@code asOf}, decays nothing: what it adds counts as much as if it had come in time, that is,
 * {@code v * 2^(-(asOf-t)/H)}; the result does not depend on the order of the lines. So a line that a wrong clock dates far
 * ahead makes later misdeeds weigh little; the sources keep such times out.
 *
 * <p>Evidence fades with the half-life. In a window it fades with the half-life {@code W * ln 2}: then a steady stream
 * of messages weighs as much in the end as those of the last W do, and no list of all messages has to be kept.
 *
 * @param points as they stood at {@code asOf}, for a memory of half-life; 0 for a window
 * @param asOf when points and evidence were last brought up to date
 * @param evidence for the certainty, as it stood at {@code asOf}
 * @param window for a memory of a window: the points in it, oldest first, at most {@link #MAX_WINDOW} entries; empty
 *     for a half-life
 * @param victims of all offences since the first one; for people, never judged by
 * @param messages bad ones, since the first one; for people
 */
public record Standing(
        double points, Instant asOf, Evidence evidence, List<Weight> window, long victims, long messages) {

    /**
     * More entries are joined: those of the same 128th of the window's length, the youngest time staying. So a weight never
     * counts too short, and at most 1/128 of the window too long.
     */
    public static final int MAX_WINDOW = 256;

    public Standing {
        window = List.copyOf(window);
        if (!(points >= 0) || points == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("a standing of %s points".formatted(points));
        }
    }

    /** Points that entered the window at one moment. */
    public record Weight(Instant at, double points) {}

    /** Nothing known so far. */
    public static Standing clean(Instant asOf) {
        return new Standing(0, asOf, Evidence.NONE, List.of(), 0, 0);
    }

    /** As it stands at {@code t}, nothing added; a {@code t} before {@link #asOf} changes nothing. */
    public Standing at(Instant t, Memory memory) {
        if (!t.isAfter(asOf)) {
            return this;
        }
        return plus(t, 0, 0, 0, 0, memory);
    }

    /** The points at {@code t}, or at {@link #asOf} where that is later. */
    public double pointsAt(Instant t, Memory memory) {
        if (memory instanceof HalfLife halfLife) {
            return points * left(asOf, t, seconds(halfLife.halfLife()));
        }
        double sum = 0;
        for (Weight weight : since(window, t.isAfter(asOf) ? t : asOf, length(memory))) {
            sum += weight.points;
        }
        return sum;
    }

    /** After an offence of this many points at {@code t}. */
    public Standing plus(Instant t, double weight, Memory memory) {
        return plus(t, weight, 0, 0, 0, memory);
    }

    /** After trials of honesty at {@code t}; negative numbers take back. Each spam is a bad message. */
    public Standing plusTrials(Instant t, int spam, int ham, Memory memory) {
        return plus(t, 0, spam, ham, spam, memory);
    }

    private Standing plus(Instant t, double weight, int spam, int ham, int moreMessages, Memory memory) {
        Account account = new Account(this);
        account.add(t, weight, spam, ham, 0, moreMessages, memory);
        return account.standing();
    }

    /**
     * The first moment, to the millisecond, at which the points, left alone, are below {@code limit}; {@link #asOf} if they
     * are now, {@link Instant#MAX} if that is beyond all time.
     *
     * @param limit above 0
     */
    public Instant fallsBelow(double limit, Memory memory) {
        if (memory instanceof HalfLife halfLife) {
            if (points < limit) {
                return asOf;
            }
            double wait = seconds(halfLife.halfLife()) * Math.log(points / limit) / Math.log(2);
            return plusMillis(asOf, Math.floor(wait * 1000) + 1);
        }
        List<Weight> counting = since(window, asOf, length(memory));
        double sum = 0;
        // from the youngest, as the youngest stay longest: the one that reaches the limit is the one to wait for
        for (int i = counting.size() - 1; i >= 0; i--) {
            sum += counting.get(i).points;
            if (sum >= limit) {
                return plusMillis(counting.get(i).at, Math.ceil(length(memory) * 1000));
            }
        }
        return asOf;
    }

    static List<Weight> since(List<Weight> window, Instant t, double length) {
        int first = 0;
        while (first < window.size() && secondsBetween(window.get(first).at, t) >= length) {
            first++;
        }
        return first == 0 ? window : window.subList(first, window.size());
    }

    static double length(Memory memory) {
        return seconds(((Memory.Window) memory).length());
    }

    /** What is left of 1 after the time from {@code from} to {@code to}; 1 where that is negative. */
    private static double left(Instant from, Instant to, double halfLife) {
        double age = secondsBetween(from, to);
        return age <= 0 ? 1 : Math.pow(0.5, age / halfLife);
    }

    static double seconds(Duration duration) {
        return duration.getSeconds() + duration.getNano() * 1e-9;
    }

    static double seconds(Instant t) {
        return t.getEpochSecond() + t.getNano() * 1e-9;
    }

    /** Exact to the nanosecond for spans of months, and free of overflow. */
    static double secondsBetween(Instant from, Instant to) {
        return to.getEpochSecond() - from.getEpochSecond() + (to.getNano() - from.getNano()) * 1e-9;
    }

    private static Instant plusMillis(Instant t, double millis) {
        double most = (double) Instant.MAX.getEpochSecond() - t.getEpochSecond() - 1;
        if (!(millis < 1000 * most)) {
            return Instant.MAX;
        }
        double whole = Math.floor(millis / 1000);
        return t.plusSeconds((long) whole).plusMillis((long) (millis - 1000 * whole));
    }
}
