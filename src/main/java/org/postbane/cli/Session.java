package org.postbane.cli;

import java.io.InputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import org.postbane.daemon.AgentControl;

/**
 * Whom a command works for.
 *
 * @param columns width of the terminal; 0 where standard output is none
 * @param agent the running agent, inside a daemon; null in a process of its own
 * @param remote the way to a daemon; null inside one
 */
record Session(
        InputStream in,
        PrintStream out,
        PrintStream err,
        int columns,
        @Nullable AgentControl agent,
        @Nullable Remote remote) {

    boolean isTerminal() {
        return columns > 0;
    }
}
