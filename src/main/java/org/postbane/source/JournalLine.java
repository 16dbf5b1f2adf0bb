package org.postbane.source;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.postbane.host.JournalEntry;

/**
 * Writes an entry of the journal as a syslog daemon would: {@code 2026-11-21T09:15:23.318455Z mx1 postfix/smtpd[2820]: text}.
 * Nothing of what the sender chose can change the shape: a program's name that no header could hold makes no line, and control
 * characters of the text become {@code ?}. One thread.
 */
final class JournalLine {

    private static final int MAX_NAME = 128;

    private final Trust trust;
    private long distrusted;

    JournalLine(Trust trust) {
        this.trust = trust;
    }

    /** Null if the entry is of no mail program, or its writer is not trusted with that program's name. */
    Inbox.@Nullable Item of(JournalEntry entry) {
        String program = entry.program();
        if (program == null || !isName(program) || program.endsWith(":")) {
            return null;
        }
        if (!trust.trusts(program, entry.uid(), entry.comm(), entry.unit())) {
            distrusted++;
            return null;
        }
        String host = entry.host();
        StringBuilder header = new StringBuilder(96)
                .append(Instant.EPOCH.plus(entry.micros(), ChronoUnit.MICROS))
                .append(' ')
                .append(host != null && isName(host) && !host.endsWith(":") ? host : "-")
                .append(' ')
                .append(program);
        if (entry.pid() > 0) {
            header.append('[').append(entry.pid()).append(']');
        }
        byte[] head = header.append(": ").toString().getBytes(StandardCharsets.UTF_8);
        byte[] message = entry.message();
        int length = head.length + message.length;
        byte[] bytes = new byte[length + Line.SLACK];
        System.arraycopy(head, 0, bytes, 0, head.length);
        System.arraycopy(message, 0, bytes, head.length, message.length);
        mask(bytes, head.length, length);
        return new Inbox.Item(bytes, length, entry.cursor());
    }

    /** Control characters become {@code ?}. */
    static void mask(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] >= 0 && bytes[i] < ' ' || bytes[i] == 0x7f) {
                bytes[i] = '?';
            }
        }
    }

    private static boolean isName(String text) {
        if (text.isEmpty() || text.length() > MAX_NAME) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c >= 0x7f || c == '[' || c == ']') {
                return false;
            }
        }
        return true;
    }

    /** Entries under the name of a mail program by somebody else. */
    long distrusted() {
        return distrusted;
    }
}
