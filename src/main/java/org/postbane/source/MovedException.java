package org.postbane.source;

import java.io.IOException;
import java.io.Serial;

/** Files were renamed while they were looked for: look again. */
final class MovedException extends IOException {

    @Serial
    private static final long serialVersionUID = 1L;

    MovedException(String message) {
        super(message);
    }
}
