package org.postbane.source;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Looks at each message that a receiver got, and puts the good ones into the inbox: they begin with a priority, and where
 * the kernel told who sent them, that user is trusted with the program's name. Control characters become {@code ?}, so that a message is one
 * line whatever is in it. Thread-safe.
 */
final class SyslogDesk {

    /** The sender's user is not known, as messages come over the network. */
    static final long NOBODY_KNOWS = -2;

    private static final int STAMP = "Nov 21 09:15:23 ".length();
    private static final int MAX_PRIORITY = "<191>".length();

    private final Inbox inbox;
    private final Trust trust;
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();

    SyslogDesk(Inbox inbox, Trust trust) {
        this.inbox = inbox;
        this.trust = trust;
    }

    /** Waits for room. For senders that can wait. */
    void put(byte[] bytes, int length, long uid) throws InterruptedException {
        Inbox.Item item = check(bytes, length, uid);
        if (item != null) {
            inbox.put(item);
        }
    }

    /** Drops and counts it if there is no room. For senders that do not wait. */
    void offer(byte[] bytes, int length, long uid) {
        Inbox.Item item = check(bytes, length, uid);
        if (item != null && !inbox.offer(item)) {
            lost.incrementAndGet();
        }
    }

    private Inbox.@Nullable Item check(byte[] bytes, int length, long uid) {
        int end = length;
        while (end > 0 && (bytes[end - 1] == '\n' || bytes[end - 1] == '\r' || bytes[end - 1] == 0)) {
            end--;
        }
        int text = endOfPriority(bytes, end);
        if (text < 0 || uid != NOBODY_KNOWS && !isTrusted(bytes, text, end, uid)) {
            refused.incrementAndGet();
            return null;
        }
        byte[] copy = Arrays.copyOf(bytes, end + Line.SLACK);
        Arrays.fill(copy, end, copy.length, (byte) 0);
        JournalLine.mask(copy, 0, end);
        return new Inbox.Item(copy, end, "");
    }

    private static int endOfPriority(byte[] bytes, int length) {
        int i = 1;
        while (i < Math.min(length, MAX_PRIORITY - 1) && bytes[i] >= '0' && bytes[i] <= '9') {
            i++;
        }
        return i > 1 && i < length && bytes[0] == '<' && bytes[i] == '>' ? i + 1 : -1;
    }

    /**
     * Whether the text has the one form that syslog(3) writes, {@code Nov 21 09:15:23 program[pid]: }, and that program is
     * this user's to log as. Other forms are refused: what two readers might take for two programs must not pass.
     */
    private boolean isTrusted(byte[] bytes, int from, int end, long uid) {
        int tag = from + STAMP;
        if (tag >= end || bytes[tag - 1] != ' ' || bytes[from + 3] != ' ' || bytes[from + 6] != ' ') {
            return false;
        }
        int blank = tag;
        while (blank < end && bytes[blank] > ' ') {
            blank++;
        }
        if (blank == tag || bytes[blank - 1] != ':') {
            return false;
        }
        int name = tag;
        while (name < blank - 1 && bytes[name] != '[') {
            name++;
        }
        String program = new String(bytes, tag, name - tag, StandardCharsets.US_ASCII);
        return trust.trusts(program, uid, null, null);
    }

    /** Turns a sender away. */
    void refuse() {
        refused.incrementAndGet();
    }

    /** Messages that were no syslog, or by somebody who is not trusted with the name. */
    long refused() {
        return refused.get();
    }

    /** Messages that came while the inbox was full. */
    long lost() {
        return lost.get();
    }
}
