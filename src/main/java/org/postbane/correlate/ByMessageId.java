package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
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
    /** The lines of different programs may change places within this time. */
    private static final Duration REORDER = Duration.ofMillis(300);

    private static final int MOST_WAITING = 1000;
    /** A pipe adds and takes away some header lines: sizes differ by less than this, or than an eighth. */
    private static final long SIZE_SLACK = 2048;

    private final OpenMessages open;
    private final List<Waiting> waiting = new ArrayList<>();
    /** Messages that came back before the verdict on them: the lines of different programs may change places. */
    private final ArrayDeque<CameBack> early = new ArrayDeque<>();

    private long ambiguous;
    private boolean changed;

    private record Waiting(String key, long size, Pending verdict) {}

    private record CameBack(String header, @Nullable String sender, Instant at) {}

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
            if (size > 0 && mail.size > 0 && !isAbout(mail.size, size)) {
                continue; // another one with this Message-ID, whose line is lost or was cut
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
        Found found = resolve(header, sender, at);
        if (found == null && early.size() < MOST_WAITING && isAwaited(header)) {
            early.add(new CameBack(header, sender, at));
            changed = true;
        }
        return found;
    }

    /** Whether the verdict on a message with this header has not come yet. */
    private boolean isAwaited(String header) {
        String key = MessageIds.asSpamdPrints(header);
        for (Mail mail = key == null ? null : open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            if (header.equals(mail.messageId) && mail.parent == null && mail.isAnswerable()) {
                return !mail.isJudged();
            }
        }
        return false;
    }

    /** A verdict that came late, if it is certain now on which message it was; null if there is none. To be asked until then. */
    @Nullable
    Found late(Instant now) {
        while (!early.isEmpty() && !early.peek().at().plus(REORDER).isAfter(now)) {
            CameBack next = early.remove();
            changed = true;
            Found found = resolve(next.header(), next.sender(), next.at());
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private @Nullable Found resolve(String header, @Nullable String sender, Instant at) {
        changed |= waiting.removeIf(
                verdict -> verdict.verdict().at().plus(PATIENCE).isBefore(at));
        String key = waiting.isEmpty() ? null : MessageIds.asSpamdPrints(header);
        Waiting only = null;
        for (Iterator<Waiting> each = waiting.iterator(); each.hasNext() && key != null; ) {
            Waiting next = each.next();
            if (next.key().equals(key) && !next.verdict().at().isAfter(at)) {
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
        if (found.isJudged() && found.judgement() != only.verdict().judgement()) {
            return null; // its own verdict was another; this one was on a message that did not come back
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
        row.number(early.size());
        for (CameBack each : early) {
            row.text(each.header());
            row.text(each.sender());
            row.time(each.at());
        }
        return row.toBytes();
    }

    void restore(RowReader row) {
        for (long left = row.number(); left > 0; left--) {
            waiting.add(new Waiting(row.someText(), row.number(), Pending.read(row)));
        }
        for (long left = row.number(); left > 0; left--) {
            early.add(new CameBack(row.someText(), row.text(), Objects.requireNonNull(row.time())));
        }
    }
}
