package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/** Whether a verdict that names a Message-ID may be on a message that has it, by what the message's own lines tell. */
final class Fit {

    /** Messages that closed, or left the filter, longer ago are over. */
    static final Duration OVER = Duration.ofSeconds(2);
    /** A filter adds and takes away some header lines: sizes differ by less than this, or than an eighth. */
    private static final long SIZE_SLACK = 2048;

    private Fit() {}

    /** Whether a verdict of this time was not on this message, whatever its Message-ID. */
    private static boolean isOut(Mail mail, Instant at) {
        return mail.parent != null
                || mail.since.isAfter(at.plus(Stay.REORDER))
                || isElsewhere(mail, at)
                || mail.closed != null && mail.closed.isBefore(at.minus(OVER));
    }

    /** Whether the line of another message was lost or cut, which had this Message-ID. */
    static boolean isOtherSize(Mail mail, long size) {
        return size > 0 && mail.size > 0 && !isAbout(mail.size, size);
    }

    /** Whether it had left the filter, and nobody has taken it up again since: it is deferred, or on hold. */
    private static boolean isElsewhere(Mail mail, Instant at) {
        return mail.leftAt != null
                && !mail.leftMilter
                && mail.leftAt.isBefore(at.minus(OVER))
                && (mail.activeAt == null || !mail.activeAt.isAfter(mail.leftAt));
    }

    /** Its {@code client=} line is lost. */
    static boolean isUnknown(Mail mail) {
        return mail.client == null && !mail.pickedUp;
    }

    /** Whether a verdict can be meant for it at all: somebody answers for it, a webmail's user too, or who that is is lost. */
    private static boolean isCandidate(Mail mail) {
        return mail.isAnswerable() || mail.account != null || isUnknown(mail);
    }

    /** Whether a verdict of this time may be on this message, if it names its Message-ID. */
    static boolean mayBeOn(Mail mail, Instant at) {
        return isCandidate(mail) && !isOut(mail, at);
    }

    /** The same of a verdict with this size. */
    static boolean mayBeOn(Mail mail, long size, Instant at) {
        return mayBeOn(mail, at) && !isOtherSize(mail, size);
    }

    /** Somebody answers for it, a webmail's user too. */
    static boolean isKnown(Mail mail) {
        return !mail.dropped && (mail.isAnswerable() || mail.account != null);
    }

    /** Whether one client, and one account of its, handed in both. */
    static boolean isSameSender(Mail a, Mail b) {
        return Objects.equals(a.client, b.client) && Objects.equals(a.account, b.account);
    }

    /**
     * Whether a message that qmgr says is of this size may be the one that spamd saw: qmgr counts a byte or two more for each line,
     * which of short lines is as much again, and filters add header lines.
     */
    private static boolean isAbout(long queued, long seen) {
        return queued > 0
                && seen > 0
                && seen - queued <= Math.max(SIZE_SLACK, queued / 8)
                && queued - 2 * seen <= SIZE_SLACK;
    }
}
