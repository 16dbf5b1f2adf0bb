package org.postbane.source;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.source.FileTail.StartAt;

class FileTailTest {

    @TempDir
    Path dir;

    private Path log;
    private FileTail tail;
    private Instant now = Instant.parse("2026-11-21T12:00:00Z");
    private final List<String> got = new ArrayList<>();

    @BeforeEach
    void begin() {
        log = dir.resolve("mail.log");
        tail = new FileTail("mail", log, Optional.empty(), StartAt.BEGINNING);
    }

    @AfterEach
    void end() throws IOException {
        tail.close();
    }

    /**
     * A history in words, and the lines that must come out of it. {@code +TEXT} appends to the file at the path; {@code ~TEXT}
     * appends through the handle of a writer that opened the file at the last {@code open}; {@code mv A B}, {@code rm A},
     * {@code truncate}; {@code poll}; {@code later} lets the grace pass and polls twice; {@code restart} polls, stops and
     * begins again from the position; {@code stop} and {@code start} do so without the poll. {@code $} is a newline.
     */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            plain                            | +a$b$, poll, +c$, poll                                              | a b c
            partial line waits               | +a$b, poll, +c$, poll                                               | a bc
            empty file, then lines           | +, poll, +a$, poll                                                  | a
            missing, then appears            | poll, +a$, poll                                                     | a
            partial over a restart           | +a$b, restart, +c$, poll                                            | a bc
            rename and create                | +a$, poll, mv mail.log mail.log.1, +b$, poll                        | a b
            unread lines before a rename     | +a$, poll, +b$, mv mail.log mail.log.1, +c$, poll                   | a b c
            renamed, nothing new yet         | +a$, poll, mv mail.log mail.log.1, poll, poll, +b$, poll            | a b
            late writer                      | +a$, open, poll, mv mail.log mail.log.1, +c$, ~b$, poll, ~d$, poll   | a b c d
            late writer, no new file yet     | +a$, open, poll, mv mail.log mail.log.1, ~b$, poll, +c$, poll       | a b c
            late line over a restart         | +a$, open, poll, mv mail.log mail.log.1, +b$, restart, ~c$, +d$, poll | a b c d
            late line, partial, restart      | +a$, open, poll, mv mail.log mail.log.1, +b$, poll, ~c, restart, ~d$, poll | a b cd
            silent for long, then rotated    | +a$, open, later, ~b, mv mail.log mail.log.1, +c$, poll, ~b$, poll | a c bb
            never told of the rotation       | +a$, open, poll, mv mail.log mail.log.1, +, poll, ~b$, later, ~c$, poll | a b c
            half a line in the old file      | +a$b, poll, mv mail.log mail.log.1, +c$, poll, later                | a c b
            rotated twice at once            | +a$, poll, mv mail.log mail.log.1, +b$, poll, mv mail.log.1 mail.log.2, mv mail.log mail.log.1, +c$, poll | a b c
            moved back                       | +a$, poll, mv mail.log x, +b$, poll, rm mail.log, mv x mail.log, +c$, poll | a b c
            truncated                        | +aaa$bbb$, poll, truncate, poll, +c$, poll                          | aaa bbb c
            truncated and written            | +aaa$bbb$, poll, truncate, +c$, poll                                | aaa bbb c
            truncated with half a line read  | +aaa$bb, poll, truncate, +c$, poll                                  | aaa c
            removed, then created            | +a$, poll, rm mail.log, poll, +b$, poll                             | a b
            restart, unchanged               | +a$, restart, +b$, poll                                             | a b
            restart before the first poll    | +a$, stop, start, poll                                              | a
            rotated while down               | +a$, poll, +b$, stop, mv mail.log mail.log.1, +c$, start, poll       | a b c
            rotated by date while down       | +a$, poll, +b$, stop, mv mail.log mail.log-20261121, +c$, start, poll | a b c
            renamed while down, no new file  | +a$, poll, +b$, stop, mv mail.log mail.log.1, start, poll, +c$, poll  | a b c
            late writer after a restart      | +a$, open, poll, stop, mv mail.log mail.log.1, +c$, start, ~b$, poll, ~d$, poll | a b c d
            removed while down               | +a$, poll, stop, mv mail.log gone, +b$, start, poll                 | a b
            truncated while down             | +aaa$, poll, stop, truncate, +b$, start, poll                       | aaa b
            missing over a restart           | poll, restart, +a$, poll                                            | a
            """)
    void history_givesLinesOnceInOrder(String name, String history, String lines) throws IOException {
        play(history);

        assertEquals(List.of(lines.split(" ", -1)), got);
    }

    private void play(String history) throws IOException {
        Optional<FileChannel> writer = Optional.empty();
        for (String step : history.split(", ", -1)) {
            String[] words = step.split(" ", -1);
            if (step.startsWith("+")) {
                append(log, step.substring(1).replace('$', '\n'));
            } else if (step.startsWith("~")) {
                writer.orElseThrow().write(UTF_8.encode(step.substring(1).replace('$', '\n')));
            } else {
                switch (words[0]) {
                    case "open" -> writer = Optional.of(FileChannel.open(log, StandardOpenOption.APPEND));
                    case "mv" -> Files.move(dir.resolve(words[1]), dir.resolve(words[2]));
                    case "rm" -> Files.delete(dir.resolve(words[1]));
                    case "truncate" -> truncate();
                    case "poll" -> poll();
                    case "later" -> {
                        now = now.plus(FileTail.GRACE);
                        poll();
                        now = now.plus(FileTail.GRACE);
                        poll();
                    }
                    case "restart" -> {
                        poll();
                        restart();
                    }
                    case "stop" -> tail.close();
                    case "start" -> restart();
                    default -> throw new AssertionError(step);
                }
            }
        }
        if (writer.isPresent()) {
            writer.get().close();
        }
    }

    @Test
    void end_withoutPosition_skipsWholeLinesOnly() throws IOException {
        append(log, "old\nbegun");
        tail = new FileTail("mail", log, Optional.empty(), StartAt.END);

        poll();
        append(log, " and ended\n");
        poll();

        assertEquals(List.of("begun and ended"), got);
    }

    @Test
    void end_fileAppearsLater_isReadFromItsStart() throws IOException {
        tail = new FileTail("mail", log, Optional.empty(), StartAt.END);

        poll();
        append(log, "first\n");
        poll();

        assertEquals(List.of("first"), got);
    }

    @Test
    void end_storedPosition_counts() throws IOException {
        append(log, "a\nb\n");
        poll(1);
        tail.close();
        tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);

        poll();

        assertEquals(List.of("a", "b"), got);
    }

    @Test
    void poll_mostLines_stopsAndSaysThatThereIsMore() throws IOException {
        append(log, "a\nb\nc\n");

        boolean more = tail.poll(line -> got.add(line.text()), 2, now);

        assertTrue(more);
        assertEquals(List.of("a", "b"), got);
        assertEquals(4, tail.position().offset());
        assertEquals(2, tail.backlog());
        assertFalse(tail.poll(line -> got.add(line.text()), 2, now));
    }

    @Test
    void oddBytes_areData() throws IOException {
        byte[] bytes = "nul\0here\ncarriage\r\n\u00ff\u00fe\u0080\n".getBytes(ISO_8859_1);
        Files.write(log, bytes);

        tail.poll(line -> got.add(new String(line.bytes(), line.start(), line.length(), ISO_8859_1)), 100, now);

        assertEquals(List.of("nul\0here", "carriage", "\u00ff\u00fe\u0080"), got);
        assertEquals(bytes.length, tail.position().offset());
    }

    @Test
    void overlongLine_isCut_countedAndNotRepeated() throws IOException {
        append(log, "x".repeat(200_000));
        poll();
        assertEquals(List.of(), got);
        assertEquals(0, tail.position().offset());
        append(log, "x".repeat(1000) + "\nnext\n");
        poll();

        assertEquals(List.of("x".repeat(LineSplitter.MAX_LINE), "next"), got);
        assertEquals(1, tail.cutLines());
        assertEquals(201_000 + 6, tail.position().offset());
    }

    @Test
    void truncation_isCounted() throws IOException {
        append(log, "abc\n");
        poll();
        truncate();
        poll();
        poll();

        assertEquals(1, tail.truncations());
        assertEquals(0, tail.position().offset());
    }

    @Test
    void oldFile_afterTheGrace_isClosed() throws IOException {
        append(log, "a\n");
        poll();
        Files.move(log, dir.resolve("mail.log.1"));
        append(log, "b\n");
        poll();
        assertTrue(tail.position().identity().contains(" after "));
        now = now.plus(FileTail.GRACE);
        poll();

        assertFalse(tail.position().identity().contains(" after "));
        assertTrue(
                tail.position().identity().startsWith(RotatedFiles.identity(log).orElseThrow()));
    }

    @Test
    void directory_inPlaceOfTheFile_isSaid() throws IOException {
        Files.createDirectory(log);

        IOException fault = assertThrows(IOException.class, this::poll);

        assertEquals(log + ": Not a regular file", fault.getMessage());
    }

    @Test
    void missingDirectory_isWaitedFor() throws IOException {
        log = dir.resolve("later/mail.log");
        tail = new FileTail(
                "mail", log, Optional.of(new Position("(dev=1,ino=2) after (dev=1,ino=1)@7", 5)), StartAt.END);
        poll();
        Files.createDirectory(log.getParent());
        append(log, "a\n");

        poll();

        assertEquals(List.of("a"), got);
    }

    /** Appends, rotations, late writers, restarts at random places: each line comes out once, in order per file. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void randomHistory_everyLineOnceInOrder(long seed) throws IOException {
        Random random = new Random(seed);
        int written = 0;
        int rotations = 0;
        StringBuilder rest = new StringBuilder(); // of a line that was written in part only
        List<String> wanted = new ArrayList<>();
        FileChannel writer = open();
        for (int step = 0; step < 600; step++) {
            switch (random.nextInt(12)) {
                case 0, 1, 2, 3, 4 -> {
                    StringBuilder text = new StringBuilder(rest);
                    rest.setLength(0);
                    for (int n = random.nextInt(20); n >= 0; n--) {
                        String line = "line " + written++ + " " + "x".repeat(random.nextInt(300));
                        wanted.add(line);
                        text.append(line).append('\n');
                    }
                    int cut = text.length() - random.nextInt(10) * random.nextInt(2);
                    rest.append(text, cut, text.length());
                    writer.write(UTF_8.encode(text.substring(0, cut)));
                }
                case 5 -> {
                    poll(1); // of two rotations between two looks the middle file would be lost
                    // as logrotate: rename; the writer goes on in the old file until it is told
                    Files.move(log, dir.resolve("mail.log-" + (20260000 + ++rotations)));
                    if (random.nextBoolean()) {
                        Files.createFile(log);
                    }
                    if (random.nextBoolean()) {
                        poll(1 + random.nextInt(50));
                    }
                    writer.write(UTF_8.encode(rest.toString()));
                    rest.setLength(0);
                    writer.close();
                    writer = open();
                }
                case 6 -> {
                    tail.close();
                    restart();
                    poll(1
                            + random.nextInt(
                                    30)); // the file of the position must stay within reach: one rotation while down
                }
                case 7 -> now = now.plusSeconds(random.nextInt(20));
                default -> {
                    now = now.plusMillis(random.nextInt(1000));
                    poll(1 + random.nextInt(100));
                }
            }
            if (random.nextInt(3) > 0) {
                poll(1 + random.nextInt(40));
            }
        }
        writer.write(UTF_8.encode(rest.toString()));
        writer.close();
        poll();

        for (int i = 0; i < Math.min(wanted.size(), got.size()); i++) {
            assertEquals(wanted.get(i), got.get(i), "line " + i + " of " + wanted.size());
        }
        assertEquals(wanted.size(), got.size());
    }

    private FileChannel open() throws IOException {
        return FileChannel.open(log, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    }

    private void poll() throws IOException {
        boolean more;
        do {
            more = poll(1000);
        } while (more);
    }

    private boolean poll(int most) throws IOException {
        return tail.poll(line -> got.add(line.text()), most, now);
    }

    private void restart() throws IOException {
        tail.close();
        tail = new FileTail("mail", log, Optional.of(tail.position()), StartAt.END);
    }

    private void truncate() throws IOException {
        FileChannel.open(log, StandardOpenOption.WRITE).truncate(0).close();
    }

    private static void append(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
