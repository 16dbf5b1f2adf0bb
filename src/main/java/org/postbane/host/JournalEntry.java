package org.postbane.host;

import org.jspecify.annotations.Nullable;

/**
 * One entry of the systemd journal, as far as a reader of mail logs wants it. The fields that journald itself vouches for
 * ({@code _UID}, {@code _COMM}, {@code _SYSTEMD_UNIT}) stand beside those that the sender chose.
 *
 * @param cursor where it stands, see {@link JournalCursor}
 * @param micros since 1970: {@code _SOURCE_REALTIME_TIMESTAMP}, else when journald took it
 * @param host {@code _HOSTNAME}
 * @param program {@code SYSLOG_IDENTIFIER}, the sender's choice
 * @param pid {@code SYSLOG_PID}, the sender's choice, else {@code _PID}; 0 if neither is there
 * @param uid {@code _UID}; -1 if missing
 * @param comm {@code _COMM}; null if the process was gone before journald looked
 * @param unit {@code _SYSTEMD_UNIT}; null likewise
 * @param message {@code MESSAGE}, cut at {@value #MAX_MESSAGE} bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy of each message would be one too many
public record JournalEntry(
        String cursor,
        long micros,
        @Nullable String host,
        @Nullable String program,
        int pid,
        long uid,
        @Nullable String comm,
        @Nullable String unit,
        byte[] message) {

    /** Bytes of a message that are kept. */
    public static final int MAX_MESSAGE = 64 * 1024;
}
