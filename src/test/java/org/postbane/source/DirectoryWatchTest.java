package org.postbane.source;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real inotify. The bounds are wide, as the machine may be busy; what is told apart is "at once" and "after the net". */
class DirectoryWatchTest {

    private static final Duration AT_ONCE = Duration.ofMillis(500);
    private static final Duration LONG = Duration.ofSeconds(1);

    @TempDir
    Path dir;

    @Test
    void await_followedFileGrows_returnsAtOnce() throws Exception {
        Path log = Files.createFile(dir.resolve("mail.log"));
        try (DirectoryWatch watch = new DirectoryWatch(List.of(log))) {
            Duration slept = sleepWhile(watch, () -> append(log));

            assertTrue(slept.compareTo(AT_ONCE) < 0, slept::toString);
        }
    }

    @Test
    void await_followedFileIsRenamedOrCreated_returnsAtOnce() throws Exception {
        Path log = Files.createFile(dir.resolve("mail.log"));
        try (DirectoryWatch watch = new DirectoryWatch(List.of(log))) {
            Duration renamed = sleepWhile(watch, () -> Files.move(log, dir.resolve("mail.log.1")));
            drain(watch);
            Duration late = sleepWhile(watch, () -> append(dir.resolve("mail.log.1")));
            drain(watch);
            Duration created = sleepWhile(watch, () -> Files.createFile(log));

            assertTrue(renamed.compareTo(AT_ONCE) < 0, renamed::toString);
            assertTrue(late.compareTo(AT_ONCE) < 0, late::toString);
            assertTrue(created.compareTo(AT_ONCE) < 0, created::toString);
        }
    }

    @Test
    void await_otherFileGrows_sleepsOn() throws Exception {
        Path log = Files.createFile(dir.resolve("mail.log"));
        try (DirectoryWatch watch = new DirectoryWatch(List.of(log))) {
            Duration slept = sleepWhile(watch, () -> {
                for (int i = 0; i < 100; i++) {
                    append(dir.resolve("syslog"));
                }
            });

            assertTrue(slept.compareTo(AT_ONCE) > 0, slept::toString);
        }
    }

    @Test
    void await_nothingHappens_sleepsAsLongAsItMay() throws Exception {
        try (DirectoryWatch watch = new DirectoryWatch(List.of(dir.resolve("mail.log")))) {
            Duration slept = sleepWhile(watch, () -> {});

            assertTrue(slept.compareTo(Duration.ofMillis(900)) > 0, slept::toString);
            assertTrue(slept.compareTo(Duration.ofSeconds(10)) < 0, slept::toString);
        }
    }

    @Test
    void await_shortTime_returnsThen() throws Exception {
        try (DirectoryWatch watch = new DirectoryWatch(List.of(dir.resolve("mail.log")))) {
            long before = System.nanoTime();

            watch.await(Duration.ofMillis(20));

            Duration slept = Duration.ofNanos(System.nanoTime() - before);
            assertTrue(slept.compareTo(AT_ONCE) < 0, slept::toString);
        }
    }

    @Test
    void wake_otherThreadOrBefore_endsTheSleep() throws Exception {
        try (DirectoryWatch watch = new DirectoryWatch(List.of(dir.resolve("mail.log")))) {
            Duration slept = sleepWhile(watch, watch::wake);
            watch.wake();
            long before = System.nanoTime();
            watch.await(LONG);
            Duration again = Duration.ofNanos(System.nanoTime() - before);

            assertTrue(slept.compareTo(AT_ONCE) < 0, slept::toString);
            assertTrue(again.compareTo(AT_ONCE) < 0, again::toString);
        }
    }

    @Test
    void await_missingDirectory_pollsQuickly_andWatchesItLater() throws Exception {
        Path log = dir.resolve("sub/mail.log");
        try (DirectoryWatch watch = new DirectoryWatch(List.of(log))) {
            Duration missing = sleepWhile(watch, () -> {});
            Files.createDirectory(log.getParent());
            Thread.sleep(DirectoryWatch.RETRY.toMillis() + 50);
            watch.await(Duration.ZERO); // tries again
            Duration quiet = sleepWhile(watch, () -> {});
            Duration grown = sleepWhile(watch, () -> append(log));

            assertTrue(missing.compareTo(AT_ONCE) < 0, missing::toString);
            assertTrue(quiet.compareTo(AT_ONCE) > 0, quiet::toString);
            assertTrue(grown.compareTo(AT_ONCE) < 0, grown::toString);
        }
    }

    /** As on a file system of another machine: the directory is watched, and says nothing. */
    @Test
    void await_fileWhoseChangesNobodyTells_sleepsOn() throws Exception {
        Path elsewhere =
                Files.createFile(Files.createDirectory(dir.resolve("elsewhere")).resolve("mail"));
        Path log = Files.createSymbolicLink(dir.resolve("mail.log"), elsewhere);
        List<String> lines = new java.util.ArrayList<>();
        FileTail tail = new FileTail("mail", log, java.util.Optional.empty(), FileTail.StartAt.BEGINNING);
        try (tail;
                DirectoryWatch watch = new DirectoryWatch(List.of(log))) {
            Duration slept = sleepWhile(watch, () -> append(elsewhere));
            tail.poll(line -> lines.add(line.text()), 10, java.time.Instant.EPOCH);

            assertTrue(slept.compareTo(AT_ONCE) > 0, slept::toString);
            assertTrue(slept.compareTo(Duration.ofSeconds(10)) < 0, slept::toString);
        }
        assertTrue(lines.equals(List.of("x")), lines::toString);
    }

    @Test
    void follow_otherFiles_wakeFromNowOn() throws Exception {
        Path one = Files.createFile(dir.resolve("one.log"));
        Path other = Files.createFile(Files.createDirectory(dir.resolve("sub")).resolve("other.log"));
        try (DirectoryWatch watch = new DirectoryWatch(List.of(one))) {
            watch.follow(List.of(other));
            Duration followed = sleepWhile(watch, () -> append(other));
            drain(watch);
            Duration left = sleepWhile(watch, () -> append(one));

            assertTrue(followed.compareTo(AT_ONCE) < 0, followed::toString);
            assertTrue(left.compareTo(AT_ONCE) > 0, left::toString);
        }
    }

    private interface Deed {
        void run() throws IOException;
    }

    /** How long {@code await} sleeps from the moment when the deed is done, a little after it began to sleep. */
    private static Duration sleepWhile(DirectoryWatch watch, Deed deed) throws InterruptedException {
        long[] done = new long[1];
        Thread doer = new Thread(() -> {
            try {
                Thread.sleep(30);
                done[0] = System.nanoTime();
                deed.run();
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        doer.start();
        watch.await(LONG);
        long woken = System.nanoTime();
        doer.join();
        return Duration.ofNanos(woken - done[0]);
    }

    /** Takes events that are still on their way. */
    private static void drain(DirectoryWatch watch) throws InterruptedException {
        Thread.sleep(50);
        watch.await(Duration.ZERO);
    }

    private static void append(Path file) throws IOException {
        Files.writeString(file, "x\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
