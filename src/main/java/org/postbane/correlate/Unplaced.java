package org.postbane.correlate;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A verdict that names nothing but a Message-ID, while it is being found out which message it is on, and for some time after. */
final class Unplaced {

    /** spamd tells tenths of a second. */
    private static final int ROUNDED = 50;

    /** The Message-ID as spamd prints it. */
    final String key;

    /** In bytes as the filter saw it; 0 if it does not say. */
    final long size;
    /** How long the filter looked at the message at least, in milliseconds. */
    final int scan;

    /** How long it says that it looked at the message, in milliseconds; 0 if it does not say. */
    private final int took;

    /** The stamp of the line that told that the filter began; null if there is none. */
    private final @Nullable Instant begun;

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

    Unplaced(String key, long size, int took, @Nullable Instant begun, Pending verdict, boolean beforeQueue) {
        this.key = key;
        this.size = size;
        this.scan = Math.max(0, took - ROUNDED);
        this.took = took;
        this.begun = begun;
        this.verdict = verdict;
        this.latest = Run.latest(verdict.at());
        this.beforeQueue = beforeQueue;
    }

    Instant at() {
        return verdict.at();
    }

    /** When it was given at the earliest. Half of the time is left for what the filter does before it tells that it begins. */
    Instant earliest() {
        Instant least = begun == null ? verdict.at() : begun.plusMillis(took / 2);
        return least.isBefore(verdict.at()) ? verdict.at() : least.isAfter(latest) ? latest : least;
    }

    /** When the filter began with the message at the latest. */
    Instant begunAtLatest() {
        Instant byTime = latest.minusMillis(scan);
        Instant told = begun == null ? byTime : Run.latest(begun);
        return told.isBefore(byTime) ? told : byTime;
    }

    /** When it was given at the latest. */
    Instant latest() {
        return latest;
    }

    /** Whether it is stamped more finely than with seconds, within which there are too many others. */
    boolean isFine() {
        return latest.equals(at());
    }

    /** Whether it may be on this message, by the times; or is. */
    boolean mayBeOn(Mail mail, Instant now) {
        return placed == null ? Stay.of(mail, this, now) != Stay.OUT : placed == mail;
    }

    boolean isOpen() {
        return placed == null && !givenUp;
    }

    void write(RowWriter row) {
        row.text(key);
        row.number(size);
        row.number(took);
        row.time(begun);
        verdict.write(row);
        row.flag(beforeQueue);
        row.flag(placed != null);
        row.number(placed == null ? -1 : placed.serial);
        row.flag(givenUp);
        row.flag(returned);
    }
}
