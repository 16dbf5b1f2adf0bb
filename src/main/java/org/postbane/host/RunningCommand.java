package org.postbane.host;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.exec.CommandLine;
import org.apache.commons.exec.DefaultExecuteResultHandler;
import org.apache.commons.exec.DefaultExecutor;
import org.apache.commons.exec.ExecuteWatchdog;
import org.apache.commons.exec.PumpStreamHandler;
import org.apache.commons.exec.ShutdownHookProcessDestroyer;
import org.jspecify.annotations.Nullable;

/**
 * A program that runs on while its output is taken. Its arguments are a list: no shell reads them. It is killed with this
 * process, unless that is killed itself; then it ends when it next writes.
 */
final class RunningCommand {

    private static final ShutdownHookProcessDestroyer AT_EXIT = new ShutdownHookProcessDestroyer();

    private final ExecuteWatchdog watchdog = ExecuteWatchdog.builder()
            .setTimeout(ExecuteWatchdog.INFINITE_TIMEOUT_DURATION)
            .get();
    private final DefaultExecuteResultHandler result = new DefaultExecuteResultHandler();
    private final Beginning err = new Beginning();

    private RunningCommand() {}

    /**
     * Starts it with the C locale and nothing on its standard input.
     *
     * @param out called from another thread; while it blocks, the program waits
     * @throws IOException it could not be started
     */
    static RunningCommand start(List<String> command, OutputStream out) throws IOException {
        CommandLine line = new CommandLine(command.get(0));
        command.stream().skip(1).forEach(argument -> line.addArgument(argument, false));
        RunningCommand running = new RunningCommand();
        DefaultExecutor executor = DefaultExecutor.builder()
                .setExecuteStreamHandler(new PumpStreamHandler(out, running.err, new ByteArrayInputStream(new byte[0])))
                .get();
        executor.setWatchdog(running.watchdog);
        executor.setProcessDestroyer(AT_EXIT);
        executor.setExitValues(null); // any status is an answer
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("LC_ALL", "C");
        executor.execute(line, environment, running.result);
        return running;
    }

    /** Whether it is gone, and all that it printed was handed on. */
    boolean hasEnded() {
        return result.hasResult();
    }

    /** Exit status; of a program that could not be started, a negative number. */
    int status() {
        return result.getExitValue();
    }

    /** What it complained of, or why it could not be started. */
    String err() {
        @Nullable Exception fault = result.getException();
        return fault == null ? err.text() : String.valueOf(fault.getMessage());
    }

    void kill() {
        if (!result.hasResult()) {
            watchdog.destroyProcess();
        }
    }

    /** Keeps the first bytes. */
    private static final class Beginning extends OutputStream {

        private final StringBuilder text = new StringBuilder();

        @Override
        public synchronized void write(int b) {
            if (text.length() < Command.ERROR_BYTES) {
                text.append((char) (b & 0xff));
            }
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            new String(bytes, offset, length, StandardCharsets.ISO_8859_1)
                    .chars()
                    .forEach(this::write);
        }

        synchronized String text() {
            return text.toString();
        }
    }
}
