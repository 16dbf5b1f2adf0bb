package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Clients' messages that a filter may be looking at. May be given up already by those who keep messages.
 *
 * <p>Memory: {@link #MOST} messages of which something is known, and as many others; of each, the one that was heard of longest ago goes
 * for another.
 */
final class Passing {

    static final int MOST = 1000;

    /** Messages of which nothing was heard for so long are nowhere near a filter. */
    private static final Duration STUCK = Duration.ofSeconds(60);

    /** The one that was heard of last is last. */
    private final Set<Mail> known = new LinkedHashSet<>();
    /** The same, of those of which no more is known than who sends them: a flood of such is not to push out the others. */
    private final Set<Mail> beginning = new LinkedHashSet<>();

    /** Something was heard of the message: who sent it, that qmgr has it, that a delivery was tried, that it is over. */
    void heard(Mail mail) {
        known.remove(mail);
        beginning.remove(mail);
        boolean begins = mail.messageId == null && mail.activeAt == null && mail.leftAt == null && mail.closed == null;
        Set<Mail> mails = begins ? beginning : known;
        mails.add(mail);
        trim(mails, lastOf(mail));
    }

    private static void trim(Set<Mail> mails, Instant now) {
        while (mails.size() > MOST
                || lastOf(mails.iterator().next()).plus(STUCK).isBefore(now)) {
            mails.remove(mails.iterator().next());
        }
    }

    private static Instant lastOf(Mail mail) {
        return mail.leftAt != null ? mail.leftAt : mail.activeAt != null ? mail.activeAt : mail.since;
    }

    /** All of them; a copy. */
    List<Mail> all() {
        List<Mail> all = new ArrayList<>(known.size() + beginning.size());
        all.addAll(known);
        all.addAll(beginning);
        return all;
    }
}
