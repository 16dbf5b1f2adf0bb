package org.postbane.cli;

import java.io.Serial;

/** Ends a command with a line on standard error and an exit status. */
final class Failure extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private final int status;

    Failure(int status, String message) {
        super(message);
        this.status = status;
    }

    int status() {
        return status;
    }
}
