package org.postbane.act;

import java.io.Serial;

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
}
