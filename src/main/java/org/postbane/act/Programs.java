package org.postbane.act;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.postbane.host.Command;

/**
 * How an action calls the programs of its place: each by its full path, perhaps behind a prefix ({@code ip netns exec mail}),
 * with a time limit; whatever goes wrong is an {@link ActionException} that begins with the action's name.
 *
 * @param action the name of the action
 * @param prefix comes before each command; mostly empty
 * @param patience a call is killed after so long
 */
record Programs(String action, List<String> prefix, Duration patience) {

    private static final int ERROR_LENGTH = 400;

    Programs(String action, Duration patience) {
        this(action, List.of(), patience);
    }

    /** Runs it to its end, whatever its exit status. */
    Command.Result call(List<String> command, String input) throws ActionException {
        List<String> whole = new ArrayList<>(prefix);
        whole.addAll(command);
        try {
            return Command.run(whole, input.getBytes(StandardCharsets.UTF_8), patience);
        } catch (IOException e) {
            throw new ActionException("%s: %s".formatted(action, brief(String.valueOf(e.getMessage()))), e);
        }
    }

    /** As {@link #call}; any exit status but 0 is a failure. */
    Command.Result run(List<String> command, String input) throws ActionException {
        Command.Result result = call(command, input);
        if (result.status() != 0) {
            throw failure(command, result);
        }
        return result;
    }

    Command.Result run(String... command) throws ActionException {
        return run(Arrays.asList(command), "");
    }

    /** Of a command that answered with the wrong exit status. */
    ActionException failure(List<String> command, Command.Result result) {
        String said = result.err().isBlank() ? result.out() : result.err();
        return new ActionException("%s: %s: status %d: %s"
                .formatted(
                        action,
                        brief(String.join(" ", command)),
                        result.status(),
                        said.isBlank() ? "no reason given" : brief(said)));
    }

    /** On one line, and cut where it is long: a command may have a thousand addresses. */
    static String brief(String text) {
        String line = text.strip().replaceAll("\\s*[\\r\\n]+\\s*", " | ").replaceAll("\\p{Cntrl}", "?");
        return line.length() > ERROR_LENGTH ? line.substring(0, ERROR_LENGTH) + "..." : line;
    }
}
