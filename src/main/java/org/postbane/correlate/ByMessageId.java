package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Mail.Pending;

/**
 * Finds the message that spamd means, which prints nothing of it but the Message-ID, in a form in which several may look
 * alike, and its size.
 *
 * <p>Where several clients' open messages fit, nobody is blamed at once. If spamd is run by a pipe, the message comes back
 * by pickup with its whole Message-ID; if that is the one of a single client's messages, of that sender and about that size,
 * and no other verdict on such a Message-ID is waiting, then the verdict was on this one.
 */
final class ByMessageId {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int MOST_WAITING = 1000;
    /** A pipe adds and takes away some header lines: sizes differ by less than this, or than an eighth. */
    private static final long SIZE_SLACK = 2048;

    private final OpenMessages open;
    private final List<Waiting> waiting = new ArrayList<>();
    private long ambiguous;
    private boolean changed;

    private record Waiting(String key, long size, Pending verdict) {}

    /** A verdict, and the message that it is on. */
    record Found(Mail mail, Pending verdict) {}

    ByMessageId(OpenMessages open) {
        this.open = open;
    }

    /** Verdicts that could be on messages of several clients. */
    long ambiguous() {
        return ambiguous;
    }

    /**
     * The message that the verdict is on; null if there is none, or it is not certain yet.
     *
     * @param key the Message-ID as spamd prints it
     * @param size in bytes as spamd saw it; 0 if it does not say
     * @param since messages closed before this are over
     */
    @Nullable
    Mail find(String key, long size, Pending verdict, Instant since) {
        Mail found = null;
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            if (mail.closed != null && mail.closed.isBefore(since) || mail.parent != null) {
                continue;
            }
            boolean unknown = mail.client == null && !mail.pickedUp; // whose client= line is lost
            if (!unknown && !mail.isAnswerable()) {
                continue;
            }
            if (unknown || found != null && !isSameSender(found, mail)) {
                ambiguous++;
                if (waiting.size() < MOST_WAITING) {
                    waiting.add(new Waiting(key, size, verdict));
                    changed = true;
                }
                return null;
            }
            // one client's messages are judged in the order in which they came
            found = found == null || !mail.isJudged() || found.isJudged() ? mail : found;
        }
        return found;
    }

    private static boolean isSameSender(Mail a, Mail b) {
        return Objects.equals(a.client, b.client) && Objects.equals(a.account, b.account);
    }

    /** pickup took a message with this Message-ID header: which verdict was on which message, if that is certain now. */
    @Nullable
    Found cameBack(String header, @Nullable String sender, Instant at) {
        changed |= waiting.removeIf(
                verdict -> verdict.verdict().at().plus(PATIENCE).isBefore(at));
        String key = waiting.isEmpty() ? null : MessageIds.asSpamdPrints(header);
        Waiting only = null;
        for (Iterator<Waiting> each = waiting.iterator(); each.hasNext() && key != null; ) {
            Waiting next = each.next();
            if (next.key().equals(key)) {
                if (only != null && only.verdict().judgement() != next.verdict().judgement()) {
                    return null;
                }
                only = only == null ? next : only;
            }
        }
        if (only == null) {
            return null;
        }
        Mail found = null;
        for (Mail mail = open.withMessageId(only.key()); mail != null; mail = mail.nextOfMessageId) {
            if (!header.equals(mail.messageId) || mail.parent != null || !mail.isAnswerable()) {
                continue;
            }
            if (found != null && !isSameSender(found, mail)) {
                return null;
            }
            found = mail;
        }
        if (found == null || !Objects.equals(found.sender, sender) || !isAbout(found.size, only.size())) {
            return null;
        }
        waiting.remove(only);
        changed = true;
        ambiguous--;
        return new Found(found, only.verdict());
    }

    private static boolean isAbout(long a, long b) {
        return a > 0 && b > 0 && Math.abs(a - b) <= Math.max(SIZE_SLACK, a / 8);
    }

    /** Whether something changed since this was asked last. */
    boolean takeChanged() {
        boolean was = changed;
        changed = false;
        return was;
    }

    byte[] toRow() {
        RowWriter row = new RowWriter();
        row.number(waiting.size());
        for (Waiting each : waiting) {
            row.text(each.key());
            row.number(each.size());
            each.verdict().write(row);
        }
        return row.toBytes();
    }

    void restore(RowReader row) {
        for (long left = row.number(); left > 0; left--) {
            waiting.add(new Waiting(row.someText(), row.number(), Pending.read(row)));
        }
    }
}
