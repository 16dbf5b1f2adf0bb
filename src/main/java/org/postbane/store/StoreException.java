package org.postbane.store;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * The database is out of reach, refuses, or is not ours to use. The message is for the operator, on one line: which file,
 * what was tried, and what the system answered.
 *
 * <p>Checked where the caller can do something (open, commit, sync: wait and try again, or end with a clear message).
 * Reads have no such place; they throw it within an {@link java.io.UncheckedIOException}, and the process should end
 * with the message and be started again: the database has the truth.
 */
public final class StoreException extends IOException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** What the operator has to mend. */
    public enum Kind {
        /** Another process has the database open: a daemon is running. Exit status 69. */
        IN_USE,
        /** The directory or file is missing and cannot be made, or cannot be written. Exit status 77. */
        NOT_ALLOWED,
        /** A newer version of this program, or of H2, wrote it. Exit status 69. */
        TOO_NEW,
        /** The disk is full or broken. Exit status 69. */
        FAILED,
        /** The file is damaged, and no snapshot of it is good. Exit status 69. */
        DAMAGED
    }

    private final Kind kind;

    StoreException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    StoreException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
