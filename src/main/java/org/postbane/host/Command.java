package org.postbane.host;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.exec.CommandLine;
import org.apache.commons.exec.DefaultExecutor;
import org.apache.commons.exec.ExecuteWatchdog;
import org.apache.commons.exec.PumpStreamHandler;
import org.apache.commons.exec.Watchdog;
import org.jspecify.annotations.Nullable;

/**
 * A program that is started, fed, waited for, and killed when it takes too long. Its arguments are a list: no shell reads
 * them, so that no text from outside can become a command.
 *
 * <p>Threads: the caller waits. Memory: at most {@value #OUTPUT_BYTES} bytes of output and {@value #ERROR_BYTES} of
 * errors are kept; a program may print more. Known shortcomings: an interrupt of the calling thread ends the program and
 * is forgotten (commons-exec clears it).
 */
public final class Command {

    private static final Path SETSID = Path.of("/usr/bin/setsid");
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
     * Runs the program with the C locale, so that its words are the same everywhere. What it has started and left behind when
     * it ends runs on, and is not listened to.
     *
     * @param command the program and its arguments
     * @param input its standard input
     * @param patience it is killed after so long
     * @throws IOException it could not be started, or took too long
     */
    public static Result run(List<String> command, byte[] input, Duration patience) throws IOException {
        return run(command, input, patience, false);
    }

    /**
     * As {@link #run(List, byte[], Duration)}, in a session of its own, so that when it takes too long all that it has started
     * is killed with it, also what no longer is its child. Where there is no setsid(1), only its descendants are.
     */
    public static Result runGroup(List<String> command, byte[] input, Duration patience) throws IOException {
        if (!Files.isExecutable(SETSID)) {
            return run(command, input, patience, false);
        }
        List<String> whole = new ArrayList<>(List.of(SETSID.toString()));
        whole.addAll(command);
        return run(whole, input, patience, true);
    }

    /**
     * Where the program {@code name} is: the first of the directories of programs that has it, as a daemon's PATH may lack
     * those of the administrator's; else {@code name} itself.
     */
    public static String find(String name) {
        for (String place :
                List.of("/usr/sbin/", "/sbin/", "/usr/local/sbin/", "/usr/bin/", "/bin/", "/usr/local/bin/")) {
            if (Files.isExecutable(Path.of(place + name))) {
                return place + name;
            }
        }
        return name;
    }

    private static Result run(List<String> command, byte[] input, Duration patience, boolean group) throws IOException {
        CommandLine line = new CommandLine(command.get(0));
        command.stream().skip(1).forEach(argument -> line.addArgument(argument, false));
        Bounded out = new Bounded(OUTPUT_BYTES);
        Bounded err = new Bounded(ERROR_BYTES);
        PumpStreamHandler streams = new Streams(out, err, new ByteArrayInputStream(input));
        Killer watchdog = new Killer(patience, group);
        DefaultExecutor executor =
                DefaultExecutor.builder().setExecuteStreamHandler(streams).get();
        executor.setWatchdog(watchdog);
        executor.setExitValues(null); // any status is an answer
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("LC_ALL", "C");
        int status = executor.execute(line, environment);
        if (watchdog.tookTooLong) {
            throw new IOException("%s: killed after %d ms%s"
                    .formatted(String.join(" ", command), patience.toMillis(), watchdog.trouble));
        }
        return new Result(status, out.text(), err.text());
    }

    /** Ends the program with all its descendants, or its whole process group. */
    private static final class Killer extends ExecuteWatchdog {

        private final boolean group;
        private volatile @Nullable Process process;
        private volatile String trouble = "";

        /** Said before it is killed: killedProcess() is false if the signal was faster than the asking. */
        private volatile boolean tookTooLong;

        @SuppressWarnings("deprecation") // its builder makes no subclasses
        Killer(Duration patience, boolean group) {
            super(patience.toMillis());
            this.group = group;
        }

        @Override
        public synchronized void start(Process started) {
            process = started;
            super.start(started);
        }

        @Override
        public synchronized void timeoutOccured(Watchdog watchdog) {
            Process late = process;
            if (late != null && late.isAlive()) {
                tookTooLong = true;
                List<ProcessHandle> descendants = late.descendants().toList(); // before they lose their parent
                if (group) {
                    killGroup(late.pid());
                }
                super.timeoutOccured(watchdog); // asks by SIGTERM only
                late.destroyForcibly();
                descendants.forEach(ProcessHandle::destroyForcibly);
            }
        }

        /**
         * setsid(1) has become the program itself, so its process id is that of the group. By the kill that every shell has built in:
         * the program kill(1) is in a package that small systems lack.
         */
        private void killGroup(long leader) {
            try {
                new ProcessBuilder("/bin/sh", "-c", "kill -s KILL -- \"-$1\"", "sh", String.valueOf(leader))
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor();
            } catch (IOException e) {
                trouble = "; its process group was not: " + e.getMessage();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** To and from the program; a child that it has left behind may keep them open, which is no failure of the program. */
    private static final class Streams extends PumpStreamHandler {

        Streams(OutputStream out, OutputStream err, InputStream in) {
            super(out, err, in);
            setStopTimeout(Duration.ofSeconds(1));
        }

        @Override
        public void stop() {
            try {
                super.stop();
            } catch (IOException e) {
                return; // not all has been heard in that time, and nobody will say more that concerns us
            }
        }
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
