package org.postbane.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/** The way to a daemon, for a command that finds out only from the configuration where its socket is. */
@FunctionalInterface
public interface Remote {

    /** Has the daemon run the command; its exit status, or empty if nobody listens there. */
    OptionalInt run(Path socket) throws IOException;

    /** Has the daemon run other words; its exit status, with what it prints in {@code out}, or empty if nobody listens there. */
    default OptionalInt run(Path socket, List<String> words, OutputStream out) throws IOException {
        return OptionalInt.empty();
    }
}
