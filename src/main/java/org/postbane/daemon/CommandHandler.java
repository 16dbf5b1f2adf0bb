package org.postbane.daemon;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/**
 * What runs a command for a client of the control socket. Called from several threads at once. Who may call was settled
 * before; what the words mean was not: they may be anything.
 */
public interface CommandHandler {

    /**
     * Runs one command to its end.
     *
     * @param args the words of the command, without the name of the program
     * @param columns width of the client&apos;s terminal, 0 to 65535; 0 when its standard output is none
     * @param out the client&apos;s standard output, buffered; throws {@link IOException} from the moment when the client went
     *     away, so a handler that lets it pass stops early
     * @param err the client&apos;s standard error, buffered; what is written to both arrives in the order of writing
     * @return the exit status
     * @throws IOException what the command needs failed, or the client went away
     */
    int handle(List<String> args, int columns, OutputStream out, OutputStream err) throws IOException;
}
