package org.postbane.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postbane.source.FileTail.StartAt;

/** Several files by patterns: which are logs, which are what became of logs, and where each is begun. */
@SuppressWarnings("NullAway.Init") // each test starts one
class LogGroupTest {

    private static final String LINE =
            "Nov 21 12:00:00 mx1 postfix/qmgr[%d]: 4ZrK1J%05d: from=<a@b.example>, size=7, nrcpt=1\n";

    @TempDir
    Path dir;

    /** What the agent's store does. */
    private final Map<String, Position> saved = new HashMap<>();

    private final PositionStore store = new PositionStore() {
        @Override
        public Optional<Position> position(String source) {
            return Optional.ofNullable(saved.get(source));
        }

        @Override
        public void save(String source, Position position) {
            saved.put(source, position);
        }
    };

    private final Map<FileTail, String> tails = new LinkedHashMap<>();
    private final List<String> got = new ArrayList<>();
    private Instant now = Instant.now();
    private LogGroup group;
    private int written;

    @BeforeEach
    void clear() {
        got.clear();
    }

    private void start(String... patterns) {
        group = new LogGroup(
                "mail",
                Arrays.stream(patterns)
                        .map(pattern -> PathPattern.parse(dir + "/" + pattern))
                        .toList(),
                store);
    }

    /** As the agent does: look, read, save. */
    private void turn() throws IOException {
        now = now.plusSeconds(1);
        group.poll(line -> {}, 1000, now);
        group.takeFound().forEach(member -> tails.put(member.tail(), member.key()));
        for (LogGroup.Member member : group.takeGone()) {
            tails.remove(member.tail());
            member.tail().close();
        }
        for (FileTail tail : List.copyOf(tails.keySet())) {
            while (tail.poll(line -> got.add(line.text().replaceAll(".*J(\\d+):.*", "$1")), 1000, now)) {
                assertTrue(got.size() < 100_000);
            }
        }
        store.save("mail", group.position());
        tails.forEach((tail, key) -> store.save(key, tail.position()));
    }

    private void stop() throws IOException {
        group.close();
        tails.clear();
    }

    /** Writes some lines; their numbers. */
    private List<String> write(String name, int count) throws IOException {
        List<String> numbers = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(LINE.formatted(name.hashCode() & 0xffff, ++written));
            numbers.add("%05d".formatted(written));
        }
        Files.writeString(dir.resolve(name), text, UTF_8, CREATE, APPEND);
        return numbers;
    }

    private Set<String> followed() {
        Set<String> names = new TreeSet<>();
        tails.keySet().forEach(tail -> names.add(dir.relativize(tail.path()).toString()));
        return names;
    }

    @Test
    void firstRun_filesThatAreThere_areReadFromTheirEnds_laterOnesFromTheirStarts() throws IOException {
        write("a.log", 3);
        start("*.log");
        turn();
        List<String> expected = new ArrayList<>(write("a.log", 2));
        expected.addAll(write("b.log", 2));
        turn();

        assertEquals(expected, got);
        assertEquals(
                List.of("mail:a.log", "mail:b.log"),
                tails.keySet().stream().map(FileTail::name).toList());
    }

    @Test
    void restart_eachFileGoesOnWhereItWas_andWhatCameMeanwhileIsReadWhole() throws IOException {
        write("a.log", 3);
        write("b.log", 3);
        start("*.log");
        turn();
        stop();
        List<String> expected = new ArrayList<>(write("a.log", 2));
        expected.addAll(write("b.log", 1));
        expected.addAll(write("c.log", 4));

        start("*.log");
        turn();

        assertEquals(expected, got);
    }

    @Test
    void restart_withOtherPatterns_whatIsNotKnownIsReadFromItsEnd() throws IOException {
        write("a.log", 3);
        start("*.log");
        turn();
        stop();
        write("old.txt", 100);
        List<String> expected = write("a.log", 1);

        start("*.log", "*.txt");
        turn();
        List<String> more = write("old.txt", 1);
        turn();

        assertEquals(List.of(expected.get(0), more.get(0)), got);
    }

    @Test
    void restart_fromOnePathToPatterns_andBack_losesAndRepeatsNothing() throws IOException {
        Path log = dir.resolve("mail.log");
        write("mail.log", 3);
        FileTail alone = new FileTail("mail", log, Optional.empty(), StartAt.BEGINNING);
        alone.poll(line -> {}, 1000, now);
        store.save("mail", alone.position());
        alone.close();
        List<String> expected = new ArrayList<>(write("mail.log", 2));

        start("*.log");
        turn();
        stop();
        expected.addAll(write("mail.log", 2));
        FileTail again = new FileTail("mail", log, LogGroup.positionOf(store, "mail", log), StartAt.END);
        again.poll(line -> got.add(line.text().replaceAll(".*J(\\d+):.*", "$1")), 1000, now);
        again.close();

        assertEquals(expected, got);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            mail.log   | mail*   | mail.log.1
            mail.log   | mail*   | mail.log.1.gz
            mail.log   | mail*   | mail.log-20261121
            mail.log   | *.log   | mail-20261121.log
            mail.log   | mail*   | mail.log.old
            mail.log   | *       | saved.without.a.rule
            """)
    void rotated_whileItRunsOrNot_isNoLogOfItsOwn(String log, String pattern, String rotated) throws IOException {
        write(log, 5);
        start(pattern);
        turn();
        List<String> expected = new ArrayList<>(write(log, 5));
        turn();
        Files.move(dir.resolve(log), dir.resolve(rotated));
        expected.addAll(write(log, 5));
        turn();
        turn();
        now = now.plusSeconds(30); // the old file is closed
        turn();
        turn();
        stop();
        start(pattern);
        turn();
        expected.addAll(write(log, 2));
        turn();

        assertEquals(expected, got);
        assertEquals(new TreeSet<>(List.of(log)), followed());
    }

    @Test
    void copyTruncated_underAnyName_isNoLogOfItsOwn() throws IOException {
        write("mail.log", 20);
        start("*");
        turn();
        List<String> expected = new ArrayList<>(write("mail.log", 5));
        turn();
        Files.copy(dir.resolve("mail.log"), dir.resolve("kept"));
        FileChannel.open(dir.resolve("mail.log"), StandardOpenOption.WRITE)
                .truncate(0)
                .close();
        for (FileTail tail : tails.keySet()) {
            tail.poll(line -> {}, 10, now); // it has seen the truncation before the group looks
        }
        expected.addAll(write("mail.log", 5));
        turn();
        turn();

        assertEquals(expected, got);
        assertEquals(new TreeSet<>(List.of("mail.log")), followed());
    }

    @Test
    void linkToAFollowedFile_isNotReadAgain() throws IOException {
        write("a.log", 5);
        Files.createSymbolicLink(dir.resolve("b.log"), dir.resolve("a.log"));
        Files.createLink(dir.resolve("c.log"), dir.resolve("a.log"));
        start("*.log");
        turn();
        List<String> expected = write("a.log", 5);
        turn();

        assertEquals(expected, got);
    }

    @Test
    void filesByDate_thatAreNoRotations_areEachALog() throws IOException {
        write("mail-20261120.log", 5);
        start("mail-*.log");
        turn();
        List<String> expected = write("mail-20261121.log", 5);
        turn();

        assertEquals(expected, got);
        assertEquals(new TreeSet<>(List.of("mail-20261120.log", "mail-20261121.log")), followed());
    }

    @Test
    void rotatedWhileNobodyRan_andNotCreatedAgain_itsRestIsReadOnce() throws IOException {
        write("mail.log", 5);
        start("mail*");
        turn();
        stop();
        List<String> expected = new ArrayList<>(write("mail.log", 5));
        Files.move(dir.resolve("mail.log"), dir.resolve("mail.log.1"));

        start("mail*");
        turn();
        expected.addAll(write("mail.log", 2));
        turn();

        assertEquals(expected, got);
        assertEquals(new TreeSet<>(List.of("mail.log")), followed());
    }

    @Test
    void namedFile_isFollowedWhateverItIsCalled_andWaitedFor() throws IOException {
        start("host.log", "host-1.log");
        turn();
        assertEquals(
                Optional.of("there is no " + dir.resolve("host-1.log")),
                tails.keySet().stream()
                        .filter(tail -> tail.path().endsWith("host-1.log"))
                        .findFirst()
                        .flatMap(FileTail::waitsFor));
        List<String> expected = new ArrayList<>(write("host.log", 2));
        expected.addAll(write("host-1.log", 2));
        turn();

        assertEquals(new TreeSet<>(expected), new TreeSet<>(got));
        assertEquals(4, got.size());
    }

    @Test
    void goneForADay_isNotWaitedForAnyMore_andItsPlaceIsGivenAway() throws IOException {
        write("a.log", 5);
        write("b.log", 5);
        start("*.log");
        turn();
        Files.delete(dir.resolve("a.log"));
        turn();
        assertEquals(2, followed().size());

        now = now.plus(Duration.ofHours(25));
        turn();
        List<String> expected = write("c.log", 3);
        turn();
        stop();
        expected.addAll(write("b.log", 1));
        start("*.log");
        turn();

        assertEquals(expected.stream().sorted().toList(), got.stream().sorted().toList());
        assertEquals(new TreeSet<>(List.of("b.log", "c.log")), followed());
    }

    @Test
    void goneForADay_whileItsRotationsAreThere_isWaitedFor() throws IOException {
        write("mail.log", 5);
        start("mail*");
        turn();
        Files.move(dir.resolve("mail.log"), dir.resolve("mail.log.1"));
        turn();

        now = now.plus(Duration.ofHours(25));
        turn();
        turn();

        assertEquals(List.of(), got);
        assertEquals(new TreeSet<>(List.of("mail.log")), followed());
    }

    @Test
    void moreFilesThanAreFollowed_theYoungestAre_andARestingOneMakesRoom() throws IOException {
        for (int i = 0; i < LogGroup.MOST; i++) {
            write("a%02d.log".formatted(i), 2);
            Files.setLastModifiedTime(
                    dir.resolve("a%02d.log".formatted(i)),
                    FileTime.from(now.minus(Duration.ofDays(i < 2 ? 5 - i : 0))));
        }
        start("*.log");
        turn();
        List<String> expected = new ArrayList<>(write("new.log", 2));
        turn();
        stop();
        start("*.log"); // more than can be followed: what is not known may be old
        turn();
        expected.addAll(write("new.log", 1));
        turn();

        assertEquals(expected, got);
        assertEquals(LogGroup.MOST, followed().size());
        assertTrue(
                !followed().contains("a00.log") && followed().contains("a01.log"),
                () -> followed().toString());
    }

    @Test
    void noFile_isWaitedFor_andADirectoryThatCannotBeListedIsToldEachTime() throws IOException {
        start("*/x.log");
        turn();
        assertEquals(Optional.of("no file is called " + dir + "/*/x.log"), group.waitsFor());

        Files.createSymbolicLink(dir.resolve("loop"), dir.resolve("loop"));
        start("loop/*.log");
        assertThrows(IOException.class, this::turn);
        assertThrows(IOException.class, () -> group.poll(line -> {}, 1, now));
    }

    @Test
    void emptyFile_isNotJudgedYet() throws IOException {
        write("a.log", 20);
        start("*");
        turn();
        Files.createFile(dir.resolve("copy"));
        turn();
        Files.copy(dir.resolve("a.log"), dir.resolve("copy"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        turn();

        assertEquals(List.of(), got);
        assertEquals(new TreeSet<>(List.of("a.log")), followed());
    }
}
