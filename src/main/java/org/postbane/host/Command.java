package org.postbane.host;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.exec.CommandLine;
import org.apache.commons.exec.DefaultExecutor;
import org.apache.commons.exec.ExecuteWatchdog;
import org.apache.commons.exec.PumpStreamHandler;

/**
 * A program that is started, fed, waited for, and killed when it takes too long. Its arguments are a list: no shell reads
 * them, so that no text from outside can become a command.
 *
 * <p>Threads: the caller waits. Memory: at most {@value #OUTPUT_BYTES} bytes of output and {@value #ERROR_BYTES} of
 * errors are kept; a program may print more. Known shortcomings: an interrupt of the calling thread ends the program and
 * is forgotten (commons-exec clears it).
 */
public final class Command {

    static final int OUTPUT_BYTES = 64 << 20;
    static final int ERROR_BYTES = 16 << 10;

    private Command() {}

    /**
     * How a program ended.
     *
     * @param status exit status, 0 to 255
     * @param out what it printed, as UTF-8, cut at {@value Command#OUTPUT_BYTES} bytes
     * @param err what it complained of, cut at {@value Command#ERROR_BYTES} bytes
     */
    public record Result(int status, String out, String err) {}

    /**
     * Runs the program with the C locale, so that its words are the same everywhere.
     *
     * @param command the program and its arguments
     * @param input its standard input
     * @param patience it is killed after so long
     * @throws IOException it could not be started, or took too long
     */
    public static Result run(List<String> command, byte[] input, Duration patience) throws IOException {
        CommandLine line = new CommandLine(command.get(0));
        command.stream().skip(1).forEach(argument -> line.addArgument(argument, false));
        Bounded out = new Bounded(OUTPUT_BYTES);
        Bounded err = new Bounded(ERROR_BYTES);
        PumpStreamHandler streams = new PumpStreamHandler(out, err, new ByteArrayInputStream(input));
        streams.setStopTimeout(Duration.ofSeconds(2)); // a grandchild may keep the pipes open
        ExecuteWatchdog watchdog =
                ExecuteWatchdog.builder().setTimeout(patience).get();
        DefaultExecutor executor =
                DefaultExecutor.builder().setExecuteStreamHandler(streams).get();
        executor.setWatchdog(watchdog);
        executor.setExitValues(null); // any status is an answer
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("LC_ALL", "C");
        int status = executor.execute(line, environment);
        if (watchdog.killedProcess()) {
            throw new IOException("%s: killed after %d ms".formatted(String.join(" ", command), patience.toMillis()));
        }
        return new Result(status, out.text(), err.text());
    }

    /** Keeps the first bytes and lets the rest go, so that the program is never blocked by a full pipe. */
    private static final class Bounded extends OutputStream {

        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private final int limit;

        Bounded(int limit) {
            this.limit = limit;
        }

        @Override
        public synchronized void write(int b) {
            if (kept.size() < limit) {
                kept.write(b);
            }
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            kept.write(bytes, offset, Math.min(length, limit - kept.size()));
        }

        synchronized String text() {
            return kept.toString(StandardCharsets.UTF_8);
        }
    }
}
