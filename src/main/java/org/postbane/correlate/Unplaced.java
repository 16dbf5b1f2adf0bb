package org.postbane.correlate;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Mail.Pending;

/** A verdict that names nothing but a Message-ID, while it is being found out which message it is on, and for some time after. */
final class Unplaced {

    /** The Message-ID as spamd prints it; null if it found none. */
    final @Nullable String key;

    /** In bytes as the filter saw it; 0 if it does not say. */
    final long size;
    /** How long the filter looked at the message at least, in milliseconds. */
    final int scan;

    private final int notBefore;

    final Pending verdict;

    private final Instant latest;
    /** qmgr did not have the message then, by the order of the lines: a milter's verdict. */
    final boolean beforeQueue;

    /** The message that it was found to be on; null while it is not known. */
    @Nullable
    Mail placed;
    /** Nobody is to answer for it. */
    boolean givenUp;
    /** The filter has handed in what it made of the message. */
    boolean returned;

    Unplaced(@Nullable String key, long size, int scan, int notBefore, Pending verdict, boolean beforeQueue) {
        this.key = key;
        this.size = size;
        this.scan = scan;
        this.notBefore = notBefore;
        this.verdict = verdict;
        this.latest = Run.latest(verdict.at());
        this.beforeQueue = beforeQueue;
    }

    Instant at() {
        return verdict.at();
    }

    /** When it was given at the earliest. */
    Instant earliest() {
        return verdict.at().plusMillis(notBefore);
    }

    /** When it was given at the latest. */
    Instant latest() {
        return latest;
    }

    boolean isOpen() {
        return placed == null && !givenUp;
    }

    void write(RowWriter row) {
        row.text(key);
        row.number(size);
        row.number(scan);
        row.number(notBefore);
        verdict.write(row);
        row.flag(beforeQueue);
        row.flag(placed != null);
        row.number(placed == null ? -1 : placed.serial);
        row.flag(givenUp);
        row.flag(returned);
    }
}
