package org.postbane.score;

import java.time.Instant;
import java.util.List;

/**
 * How one subject stands in one jail.
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

    /** More entries are joined two by two, the younger time staying. */
    public static final int MAX_WINDOW = 256;

    public Standing {
        window = List.copyOf(window);
    }

    /** Points that entered the window at one moment. */
    public record Weight(Instant at, double points) {}
}
