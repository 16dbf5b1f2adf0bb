package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * A program that stands before a real one, named by its arguments, and calls it: unless it is told to misbehave. It may be told while
 * it is in use.
 */
final class StandIn {

    /** A call may take so long; then it counts as hanging. */
    static final Duration PATIENCE = Duration.ofSeconds(1);

    /** Gives the real program the first half of the lines on standard input. */
    static final String HALF_OF_INPUT = "cat >$here/input; head -n $(($(wc -l <$here/input) / 2)) $here/input | \"$@\"";

    /**
     * Gives the real program the first half of the arguments.
     *
     * @param fixed first ones that it gets in any case
     */
    static String halfOfArguments(int fixed) {
        return "n=$#; i=0; for a in \"$@\"; do shift; i=$((i + 1)); [ $i -gt $((n - (n - " + fixed
                + ") / 2)) ] || set -- \"$@\" \"$a\"; done; \"$@\"";
    }

    /** How it may be. */
    enum Mood {
        GOOD,
        /** Fails each call, and does nothing. */
        REFUSES,
        /** Fails calls that are to change something, and does nothing. */
        REFUSES_CHANGES,
        /** Never ends, takes no notice of SIGTERM, and has started others that do not either. */
        HANGS,
        /** Is killed in the middle of a change. */
        KILLED_HALF_WAY,
        /** Is killed when the change is done, before it could say so. */
        KILLED_WHEN_DONE
    }

    private final Path dir;
    private final Path program;

    /**
     * @param dir for its own files; becomes a directory
     * @param change a pattern of sh's {@code case} for calls that are to change something
     * @param half does half of a call in {@code "$@"}, in sh
     */
    StandIn(Path dir, String change, String half) throws IOException {
        this.dir = Files.createDirectories(dir);
        program = dir.resolve("program");
        Files.writeString(program, """
                #!/bin/sh
                here=%1$s
                [ ! -e $here/real ] || set -- "$(cat $here/real)" "$@"
                case "$(cat $here/mood):$*" in
                REFUSES:*|REFUSES_CHANGES:%2$s)
                    cat >/dev/null
                    echo 'out of order' >&2
                    exit 75 ;;
                HANGS:*)
                    trap '' TERM INT HUP
                    echo $$ >>$here/pids
                    (sleep 300 & echo $! >>$here/pids; wait) &
                    echo $! >>$here/pids
                    sleep 300 & echo $! >>$here/pids
                    wait
                    sleep 300 ;;
                KILLED_HALF_WAY:%2$s)
                    %3$s
                    kill -9 $$ ;;
                KILLED_WHEN_DONE:%2$s)
                    "$@"
                    kill -9 $$ ;;
                esac
                exec "$@"
                """.formatted(dir, change, half));
        Files.createFile(dir.resolve("pids"));
        if (!program.toFile().setExecutable(true)) {
            throw new IOException(program + " cannot be made executable");
        }
        is(Mood.GOOD);
    }

    /** A command that goes through this. */
    List<String> before(String... command) {
        return Stream.concat(Stream.of(program.toString()), Stream.of(command)).toList();
    }

    /** From now on it stands before this program, and is called by its own name. */
    void standsFor(Path real) throws IOException {
        Files.writeString(dir.resolve("real"), real.toString());
    }

    Path program() {
        return program;
    }

    /** Has an action call its programs through this. */
    Programs programs(String action) {
        return new Programs(action, before(), PATIENCE);
    }

    /** From the next call on. */
    void is(Mood mood) throws IOException {
        Path aside = Files.writeString(dir.resolve("mood.new"), mood.name());
        Files.move(aside, dir.resolve("mood"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** As if it were not installed. */
    void vanishes() throws IOException {
        Files.move(program, dir.resolve("gone"));
    }

    void returns() throws IOException {
        Files.move(dir.resolve("gone"), program);
    }

    /** It and what it has started while it was hanging have been killed: the caller has given up. */
    void assertNoneLeft() throws Exception {
        assertNoneLeft(dir.resolve("pids"));
    }

    /**
     * The processes whose numbers are in the file, one on a line, have been killed. A signal is sent at once, but who gets it dies only
     * when it is next its turn to run: up to half a second later on a machine with much to do.
     */
    static void assertNoneLeft(Path file) throws Exception {
        List<String> pids = Files.readAllLines(file);
        assertFalse(pids.isEmpty(), "it never was called");
        for (String pid : pids) {
            for (int i = 0; i < 250 && isAlive(pid); i++) {
                Thread.sleep(20);
            }
            assertFalse(isAlive(pid), "process " + pid + " outlived its time, of " + pids);
        }
    }

    /** A killed one may wait for init to take note. */
    private static boolean isAlive(String pid) {
        try {
            return !Files.readString(Path.of("/proc", pid, "stat")).contains(") Z ");
        } catch (IOException e) {
            return false;
        }
    }
}
