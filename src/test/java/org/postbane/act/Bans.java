package org.postbane.act;

import java.time.Duration;
import java.time.Instant;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;

/** Bans in few words, for tests. */
final class Bans {

    private Bans() {}

    static Subject subject(String text) {
        return Subject.parse(text);
    }

    /** From now on. */
    static Ban ban(String subject, Duration term) {
        Instant now = Instant.now();
        return new Ban(subject(subject), "spam", now, now.plus(term), "a test");
    }

    static Ban forEver(String subject) {
        return new Ban(subject(subject), "spam", Instant.now(), Instant.MAX, "a test");
    }

    static Decision impose(String subject, Duration term) {
        return new Decision.Impose(ban(subject, term));
    }

    static Decision lift(String subject) {
        return new Decision.Lift(forEver(subject), Decision.Cause.OPERATOR);
    }
}
