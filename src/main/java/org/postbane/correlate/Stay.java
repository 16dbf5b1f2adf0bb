package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;

/** Whether a message was with the filter when a verdict was given, by what the lines about the message tell. */
enum Stay {
    /** It was not. */
    OUT,
    /** It may turn out to have been: it has not left yet whatever it is with. */
    LATER,
    /** It was, or may have been. */
    THERE;

    /** The lines of different programs may change places within this time. */
    static final Duration REORDER = Duration.ofMillis(300);
    /** Stamps of what happens at the same time. */
    private static final Duration CLOCK = Duration.ofMillis(50);
    /** How much that may differ, of what took some time. */
    private static final Duration JITTER = Duration.ofMillis(20);
    /** A milter has nothing left to do after the verdict, but others may follow it, which take their time. */
    static final Duration LEAVING_MILTER = Duration.ofSeconds(20);

    /** With a milter or behind the queue. */
    static Stay of(Mail mail, Unplaced verdict, Instant now) {
        Stay queue = behindQueue(mail, verdict, now);
        return queue == THERE ? queue : queue.or(beforeQueue(mail, verdict, now));
    }

    private Stay or(Stay other) {
        return compareTo(other) >= 0 ? this : other;
    }

    /** Before it was queued, or refused: a milter had it. */
    static Stay beforeQueue(Mail mail, Unplaced verdict, Instant now) {
        if (isNone(mail, verdict)) {
            return OUT;
        }
        Instant end = mail.activeAt != null ? mail.activeAt : mail.leftAt;
        if (end == null) {
            return stillThere(mail, verdict.latest().plus(LEAVING_MILTER), now);
        }
        boolean during =
                !end.isBefore(verdict.at()) && !end.isAfter(verdict.latest().plus(LEAVING_MILTER));
        return during ? THERE : OUT;
    }

    /** A delivery agent had it. By the runs of commands if all are known; else by when it was queued, and deliveries were tried. */
    static Stay behindQueue(Mail mail, Unplaced verdict, Instant now) {
        if (isNone(mail, verdict) || mail.refused || mail.activeAt == null && mail.leftAt == null) {
            return OUT;
        }
        if (isInRun(mail, verdict)) {
            return THERE;
        }
        Instant active = mail.activeAt;
        Instant left = mail.leftAt;
        Instant first = mail.firstLeftAt;
        if (active != null
                && active.isAfter(verdict.latest().minusMillis(verdict.scan).plus(CLOCK))) {
            return OUT;
        }
        Instant until = verdict.latest().plus(Run.LEAVING);
        if (left == null || first == null || mail.leftMilter || active != null && active.isAfter(left)) {
            return stillThere(mail, until, now);
        }
        if (hasAllRuns(mail)
                || left.isBefore(verdict.at().minus(REORDER))
                || first.isAfter(until)
                || active != null && Run.latest(left).plus(JITTER).isBefore(active.plusMillis(verdict.scan))) {
            return OUT;
        }
        boolean closed = mail.closed != null && now.isAfter(mail.closed.plus(REORDER));
        boolean moreToTell = !mail.runs.isEmpty() && !closed && !now.isAfter(until);
        return moreToTell ? LATER : THERE;
    }

    /** Of a message that has not left what it is with: it would have soon, if the verdict was on it. But some are given up before. */
    private static Stay stillThere(Mail mail, Instant until, Instant now) {
        return mail.dropped ? THERE : now.isAfter(until) ? OUT : LATER;
    }

    /** Whether an agent's line tells that it ran a command for the message then. */
    static boolean isInRun(Mail mail, Unplaced verdict) {
        for (Run run : mail.runs) {
            if (run.holds(verdict)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the agents' lines about all recipients told how long commands ran. */
    static boolean hasAllRuns(Mail mail) {
        return !mail.runs.isEmpty() && mail.recipients.isDelivered();
    }

    /** Whether the agents' lines about all recipients tell that none of them ran a command. */
    static boolean hadNoRuns(Mail mail) {
        return mail.runs.isEmpty() && mail.recipients.isDelivered();
    }

    private static boolean isNone(Mail mail, Unplaced verdict) {
        return mail.parent != null || mail.output || mail.since.isAfter(verdict.latest());
    }
}
