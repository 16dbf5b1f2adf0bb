package org.postbane.act;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.FileSystemException;

/** The place where bans should hold refused or is out of reach. The message says which, what was tried, and what it answered. */
public final class ActionException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    public ActionException(String message) {
        super(message);
    }

    public ActionException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Why a file could not be read or written, for people. */
    static String why(IOException e) {
        if (e instanceof FileSystemException failed) {
            String why = failed.getReason();
            return why == null ? e.getClass().getSimpleName() + " " + failed.getFile() : why;
        }
        return String.valueOf(e.getMessage());
    }
}
