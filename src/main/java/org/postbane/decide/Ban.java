package org.postbane.decide;

import java.time.Instant;
import org.postbane.model.Subject;

/**
 * A sentence: {@code subject} is to be kept out from {@code from} until {@code until}. A subject has at most one ban in
 * force for each jail.
 *
 * @param jail who pronounced it: a section of {@code jails.conf}, or {@code manual}
 * @param until first moment at which it is lifted; {@link Instant#MAX} for a permanent ban
 * @param reason for people, on one line, e.g. {@code "severity 0.451 (limit 0.1), 12 victims in 3 spam messages"}
 */
public record Ban(Subject subject, String jail, Instant from, Instant until, String reason) {

    /** The jail of bans made by hand without {@code --jail}. */
    public static final String MANUAL = "manual";

    public Ban {
        if (!until.isAfter(from)) {
            throw new IllegalArgumentException("ban of %s ends %s, before it starts".formatted(subject, until));
        }
    }

    public boolean isPermanent() {
        return until.equals(Instant.MAX);
    }
}
