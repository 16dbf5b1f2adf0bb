package org.postbane.score;

import java.time.Instant;
import org.postbane.model.Subject;

/**
 * The standing of a subject in a jail, after a deed changed it.
 *
 * @param at the time of the deed
 * @param points as they stand at {@code at}, or, for a late line, at the standing's {@code asOf}
 * @param standing as kept, brought up to the same moment
 */
public record Scored(Instant at, Weighing weighing, Subject subject, double points, Standing standing) {

    /** {@code 1 - exp(-points/scale)}: 0 for a clean record, towards 1 for the worst. */
    public double severity() {
        return 1 - Math.exp(-points / weighing.scale());
    }
}
