package org.postbane.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.source.FileTail.StartAt;

/** Every kind of rotation, while somebody looks, while nobody looks, and while nobody runs: each line once, in order. */
class RotationTest {

    @TempDir
    Path dir;

    private Path log;
    private FileTail tail;
    private Instant now = Instant.parse("2026-11-21T12:00:00Z");
    private final List<String> written = new ArrayList<>();
    private final List<String> got = new ArrayList<>();
    private int days;

    /**
     * Kinds of rotation in words: {@code mv A B}, {@code cp A B}, {@code gz A}, {@code zst A}, {@code rm A} of rotated files by
     * what follows the log's name ({@code .} is the log itself; D is the day; a file that is not there is passed over), {@code
     * create}, {@code empty}: truncate to nothing; {@code write}: three lines more.
     */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            rename and create               | mv .2 .3; mv .1 .2; mv . .1; create
            rename, created later           | mv .2 .3; mv .1 .2; mv . .1
            rename, then lines to the old   | mv .2 .3; mv .1 .2; mv . .1; write .1; create
            copytruncate                    | mv .2 .3; mv .1 .2; cp . .1; empty
            copytruncate, gzip at once      | mv .2.gz .3.gz; mv .1.gz .2.gz; cp . .1; empty; gz .1
            copytruncate, zstd at once      | mv .2.zst .3.zst; mv .1.zst .2.zst; cp . .1; empty; zst .1
            copytruncate, by date           | cp . -D; empty
            by date                         | mv . -D; create
            by date, gzip at once           | mv . -D; create; gz -D
            by date before the extension    | mv . ~D; create
            the same, zstd                  | mv . ~D; create; zst ~D
            gzip at once                    | mv .2.gz .3.gz; mv .1.gz .2.gz; mv . .1; create; gz .1
            zstd at once                    | mv .2.zst .3.zst; mv .1.zst .2.zst; mv . .1; create; zst .1
            gzip with the next rotation     | mv .3.gz .4.gz; mv .2.gz .3.gz; gz .1; mv .1.gz .2.gz; mv . .1; create
            newsyslog: the newest is 0      | mv .1.gz .2.gz; mv .0.gz .1.gz; mv . .0; create; gz .0
            with a time                     | mv . .TD; create
            """)
    void rotation_anyHow_losesNothing(String kind, String steps) throws IOException {
        for (Looking looking : Looking.values()) {
            for (int rounds = 1; rounds <= 3; rounds++) {
                for (boolean partial : new boolean[] {false, true}) {
                    rotate(steps, looking, rounds, partial);
                }
            }
        }
    }

    /** Files are let go on the way, so that a month without the reader takes no more memory than a day. */
    @ParameterizedTest
    @CsvSource({"mv . -D; create", "mv . -D; create; gz -D", "mv . -D; create; zst -D"})
    void rotation_twentyEightTimesWhileDown_fewAreOpen(String steps) throws IOException {
        write(log, 5);
        poll();
        tail.close();
        for (days = 1; days <= 28; days++) {
            for (String step : steps.split("; ", -1)) {
                take(step, false);
            }
            write(log, 3);
        }
        tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);

        int most = 0;
        boolean more = true;
        while (more) {
            more = tail.poll(line -> got.add(line.text()), 2, now);
            most = Math.max(most, TailPosition.places(tail.position()).size());
        }
        tail.close();

        assertEquals(written, got);
        assertTrue(most <= FileTail.MOST_FILES + 1, "open at once: " + most);
    }

    /** What takes lines away with the file: those that were read, or are in a file still open, count, and all that come later. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            deleted and created             | rm .; create     | true
            deleted, created later          | rm .             | true
            replaced by another file        | new              | true
            replaced, and the old kept      | cp . .orig; new  | true
            emptied                         | empty            | false
            emptied twice                   | empty; write .; empty; write . | false
            """)
    void removal_anyHow_whatIsLeftCountsOnce(String kind, String steps, boolean staysOpen) throws IOException {
        for (Looking looking : Looking.values()) {
            for (int after : new int[] {1, 30}) { // shorter than it was, longer than it was
                begin();
                write(log, 12);
                poll();
                if (looking == Looking.NOT && staysOpen) {
                    write(log, 3); // unread
                }
                if (looking == Looking.RUNS_NOT) {
                    tail.close();
                }
                for (String step : steps.split("; ", -1)) {
                    int before = written.size();
                    take(step, looking == Looking.ALWAYS);
                    if (step.startsWith("write") && looking != Looking.ALWAYS) {
                        written.subList(before, written.size()).clear(); // gone before anybody could read it
                    }
                }
                if (steps.endsWith("write .") && looking != Looking.ALWAYS) {
                    FileChannel.open(log, StandardOpenOption.WRITE).truncate(0).close();
                }
                write(log, after);
                if (looking == Looking.RUNS_NOT) {
                    tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);
                }
                poll();
                write(log, 2);
                poll();
                tail.close();

                assertEquals(written, got, "%s, %d lines after".formatted(looking, after));
            }
        }
    }

    /** What the reader does while the files are changed. */
    private enum Looking {
        ALWAYS,
        NOT,
        RUNS_NOT
    }

    /**
     * @param rounds rotations between two looks, where nobody looks
     * @param partial half a line is there, and was read, before the first
     */
    private void rotate(String steps, Looking looking, int rounds, boolean partial) throws IOException {
        begin();
        write(log, 5);
        poll();
        for (int round = 0; round < 3; round++) {
            write(log, 4);
            String rest = partial ? writeHalf() : "";
            poll();
            append(log, rest);
            write(log, 3);
            if (looking == Looking.RUNS_NOT) {
                tail.close();
            }
            for (int n = 0; n < rounds; n++) {
                days++;
                for (String step : steps.split("; ", -1)) {
                    take(step, looking == Looking.ALWAYS);
                }
                write(log, 3 + n);
            }
            if (looking == Looking.RUNS_NOT) {
                tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);
            }
            poll();
        }
        write(log, 1);
        poll();
        tail.close();

        assertEquals(written, got, "%s, %d rotations, partial %s".formatted(looking, rounds, partial));
    }

    @BeforeEach
    void begin() throws IOException {
        written.clear();
        days = 0;
        got.clear();
        Path sub = Files.createTempDirectory(dir, "case");
        log = sub.resolve("mail.log");
        tail = new FileTail("mail", log, Optional.empty(), StartAt.BEGINNING);
    }

    private void take(String step, boolean looks) throws IOException {
        String[] words = step.split(" ", -1);
        Path first = words.length > 1 ? named(words[1]) : log;
        if (Files.exists(first) || words[0].equals("create")) {
            switch (words[0]) {
                case "mv" -> Files.move(first, named(words[2]), StandardCopyOption.REPLACE_EXISTING);
                case "cp" -> Files.copy(first, named(words[2]), StandardCopyOption.REPLACE_EXISTING);
                case "gz" -> pack(first, ".gz");
                case "zst" -> pack(first, ".zst");
                case "create" -> Files.createFile(log);
                case "empty" ->
                    FileChannel.open(log, StandardOpenOption.WRITE).truncate(0).close();
                case "write" -> write(first, 3);
                case "rm" -> Files.delete(first);
                case "new" -> {
                    write(named(".new"), 3);
                    Files.move(named(".new"), log, StandardCopyOption.REPLACE_EXISTING);
                }
                default -> throw new AssertionError(step);
            }
        }
        if (looks) {
            poll();
        }
    }

    private Path named(String suffix) {
        String day = "202611%02d".formatted(days);
        String name = suffix.equals(".")
                ? "mail.log"
                : suffix.startsWith("~")
                        ? "mail-" + suffix.substring(1).replace("D", day) + ".log"
                        : "mail.log"
                                + suffix.replace("TD", "2026-11-%02dT00".formatted(days))
                                        .replace("D", day);
        return log.resolveSibling(name);
    }

    private static void pack(Path file, String suffix) throws IOException {
        Path packed = file.resolveSibling(file.getFileName() + suffix);
        try (OutputStream plain = Files.newOutputStream(packed);
                OutputStream out = suffix.equals(".gz") ? new GZIPOutputStream(plain) : new ZstdOutputStream(plain)) {
            Files.copy(file, out);
        }
        Files.setLastModifiedTime(packed, Files.getLastModifiedTime(file));
        Files.delete(file);
    }

    private String line() {
        String line = "Nov 21 12:00:%02d mx1 postfix/qmgr[%d]: 4ZrK1J%05d: removed"
                .formatted(written.size() % 60, 100 + written.size() % 7, written.size());
        written.add(line);
        return line + "\n";
    }

    private void write(Path file, int lines) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < lines; i++) {
            text.append(line());
        }
        append(file, text.toString());
    }

    /** The second half of a line of which the first is in the file. */
    private String writeHalf() throws IOException {
        String line = line();
        append(log, line.substring(0, 30));
        return line.substring(30);
    }

    private static void append(Path file, String text) throws IOException {
        Files.writeString(file, text, UTF_8, CREATE, APPEND);
    }

    private void poll() throws IOException {
        now = now.plusSeconds(1);
        boolean more;
        int times = 0;
        do {
            more = tail.poll(line -> got.add(line.text()), 1000, now);
            assertEquals(true, times++ < 1000, "it never ends");
        } while (more);
    }

    @Test
    void truncated_andGrownOverItsOldLength_isReadAgain() throws IOException {
        write(log, 10);
        poll();

        Files.delete(log);
        write(log, 20); // perhaps with the same inode
        poll();
        FileChannel.open(log, StandardOpenOption.WRITE).truncate(0).close();
        write(log, 30);
        poll();

        assertEquals(written, got);
        assertEquals(1, tail.truncations());
    }

    @Test
    void cutInTheMiddle_whatIsLeft_isNotReadTwice() throws IOException {
        write(log, 40);
        poll();

        FileChannel.open(log, StandardOpenOption.WRITE)
                .truncate(Files.size(log) / 2)
                .close();
        poll();
        append(log, " half a line\n");
        write(log, 5);
        poll();

        assertEquals(46, got.size());
        assertEquals(written.subList(40, 45), got.subList(41, 46));
    }

    @Test
    void cutInTheMiddle_whileDown_whatIsLeftIsNotReadTwice() throws IOException {
        write(log, 40);
        poll();
        tail.close();
        FileChannel.open(log, StandardOpenOption.WRITE)
                .truncate(Files.size(log) / 2)
                .close();
        tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);
        poll();
        append(log, " half a line\n");
        write(log, 5);
        poll();

        assertEquals(46, got.size());
        assertEquals(written.subList(40, 45), got.subList(41, 46));
    }

    @Test
    void hole_ofAWriterWhoKeptHisPlace_isPassedOver() throws IOException {
        write(log, 2000);
        try (FileChannel writer = FileChannel.open(log, StandardOpenOption.WRITE)) {
            writer.position(writer.size());
            poll();
            Files.copy(log, log.resolveSibling("mail.log.1"));
            writer.truncate(0).position(150_000);
            writer.write(UTF_8.encode(line()));
        }
        poll();
        write(log, 2);
        poll();

        assertEquals(written, got);
        assertEquals(0, tail.cutLines());
    }

    @Test
    void damagedArchive_isReadAsFarAsItGoes() throws IOException {
        write(log, 5);
        poll();
        write(log, 5000);
        tail.close();
        Path rotated = log.resolveSibling("mail.log.1");
        Files.move(log, rotated);
        pack(rotated, ".gz");
        Path packed = log.resolveSibling("mail.log.1.gz");
        try (FileChannel file = FileChannel.open(packed, StandardOpenOption.WRITE)) {
            file.truncate(file.size() / 2);
        }
        write(log, 3);
        tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);
        poll();

        assertEquals(written.subList(0, 1000), got.subList(0, 1000));
        assertEquals(written.subList(5005, 5008), got.subList(got.size() - 3, got.size()));
    }

    @Test
    void inode_givenAway_isNotTakenForTheOldFile() throws IOException {
        write(log, 100);
        poll();
        write(log, 3);
        tail.close();
        Path rotated = log.resolveSibling("mail.log.1");
        Files.move(log, rotated);
        String inode = RotatedFiles.identity(rotated).orElseThrow();
        pack(rotated, ".gz");
        for (int i = 0; i < 100 && !RotatedFiles.identity(log).equals(Optional.of(inode)); i++) {
            Files.deleteIfExists(log);
            Files.createFile(log);
        }
        write(log, 200);

        tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);
        poll();

        assertEquals(written, got);
    }

    @Test
    void copyByHand_isNotReadAsARotation() throws IOException {
        write(log, 20);
        poll();
        Files.copy(log, log.resolveSibling("mail.log-20991231"));
        write(log, 20);
        Files.move(log, log.resolveSibling("mail.log-20261121"));
        write(log, 20);

        poll();

        assertEquals(written, got);
    }

    private static String shift(String suffix, int from, int to) {
        StringBuilder steps = new StringBuilder();
        for (int n = to; n >= from; n--) {
            steps.append("mv .%d%s .%d%s; ".formatted(n, suffix, n + 1, suffix));
        }
        return steps.toString();
    }

    /** Rotations of all kinds in any order, restarts at any moment. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void randomHistory_everyLineOnceInOrder(long seed) throws IOException {
        Random random = new Random(seed);
        List<String> kinds = List.of(
                shift(".gz", 2, 25) + "gz .1; mv .1.gz .2.gz; mv . .1; create",
                shift(".gz", 2, 25) + "gz .1; mv .1.gz .2.gz; cp . .1; empty",
                "gz .1; " + shift(".gz", 1, 25) + "mv . .1; gz .1");
        boolean runs = true;
        write(log, 3);
        poll();
        for (int step = 0; step < 300; step++) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    if (runs) {
                        tail.close();
                    } else {
                        tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);
                    }
                    runs = !runs;
                }
                case 1 -> {
                    String kind = kinds.get(random.nextInt(kinds.size()));
                    for (String one : kind.split("; ", -1)) {
                        take(one, runs && random.nextInt(4) == 0);
                    }
                    write(log, 1 + random.nextInt(20)); // of an empty file nobody knows what it becomes
                    if (runs) {
                        poll();
                    } else if (random.nextBoolean()) {
                        tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);
                        tail.poll(line -> got.add(line.text()), 1 + random.nextInt(20), now);
                        tail.close();
                    }
                }
                case 2 -> write(log, random.nextInt(300));
                default -> {
                    if (runs) {
                        now = now.plusSeconds(random.nextInt(8));
                        tail.poll(line -> got.add(line.text()), 1 + random.nextInt(200), now);
                    }
                }
            }
        }
        if (!runs) {
            tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);
        }
        poll();
        tail.close();

        for (int i = 0; i < Math.min(written.size(), got.size()); i++) {
            assertEquals(written.get(i), got.get(i), "line " + i + " of " + written.size());
        }
        assertEquals(written.size(), got.size());
    }
}
