package org.postbane.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.postbane.source.Line;
import org.postbane.testing.Cases;
import org.postbane.testing.Fields;
import org.postbane.testing.Filters;

/** What lines state: the {@code .cases} files beside this class. */
final class LogParserTest {

    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    /** File and program; the lines in the file are what stands after the header. */
    private static Stream<Cases> bodies() {
        return Stream.of(
                        "postfix-smtpd",
                        "postfix-smtpd-faults",
                        "postfix-postscreen",
                        "dovecot",
                        "postfix-cleanup",
                        "postfix-qmgr",
                        "postfix-delivery",
                        "postfix-pickup",
                        "amavis",
                        "spamd",
                        "rspamd",
                        "clamav-milter",
                        "exim",
                        "exim-faults",
                        "sendmail",
                        "sendmail-faults",
                        "opensmtpd")
                .flatMap(file -> Cases.of(LogParserTest.class, file + ".cases").stream());
    }

    @ParameterizedTest
    @CsvSource({
        "12.345, 12.345",
        "-0.2, -0.2",
        "7, 7",
        "0.001, 0.001",
        "123456789012.345, 123456789012.345",
        "-, NaN",
        "., NaN",
        "1.2.3, NaN",
        "1e5, NaN",
        "'', NaN",
        "1234567890123456, NaN",
    })
    void decimal_text_isTheNumberThatDoubleReads_orNone(String text, double number) {
        assertEquals(number, AmavisParser.decimal(text));
    }

    private static Stream<Cases> lines() {
        return Stream.of("lines", "exim-own", "rspamd-own")
                .flatMap(file -> Cases.of(LogParserTest.class, file + ".cases").stream());
    }

    private static Stream<Cases> headers() {
        return Stream.of("syslog-header", "log-formats")
                .flatMap(file -> Cases.of(LogParserTest.class, file + ".cases").stream());
    }

    /** A body may have {@code [pid] } before it. */
    @ParameterizedTest
    @MethodSource("bodies")
    void accept_body_yieldsEvents(Cases one) {
        one.check(step(one));
    }

    @ParameterizedTest
    @MethodSource("lines")
    void accept_line_yieldsEvents(Cases one) {
        one.check(step(one));
    }

    @ParameterizedTest
    @MethodSource("headers")
    void header_line_yieldsTimeProgramAndProcess(Cases one) {
        one.check(step(one));
    }

    /** A line may be cut anywhere by whoever wrote it, and a file anywhere by whoever moved it. */
    @Test
    void accept_everyBeginningOfALine_throwsNothing() {
        Parsing parsing = new Parsing(Set.of());

        for (byte[] line : hostileLines()) {
            for (int end = 0; end <= line.length; end++) {
                parsing.bytes(line, 0, end);
            }
        }

        assertTrue(parsing.events > 1000, "real lines that state something were among them");
    }

    @Test
    void accept_endsAndDamagedBytes_throwsNothing() {
        Parsing parsing = new Parsing(Set.of());
        Random random = new Random(7);
        byte[] likely = "[]<>()\",:;{}=- .%0129azAZ\\".getBytes(StandardCharsets.US_ASCII);

        for (byte[] line : hostileLines()) {
            for (int round = 0; round < 200; round++) {
                byte[] damaged = line.clone();
                for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                    damaged[random.nextInt(damaged.length)] =
                            random.nextBoolean() ? likely[random.nextInt(likely.length)] : (byte) random.nextInt();
                }
                int start = random.nextInt(8) == 0 ? random.nextInt(damaged.length) : 0;
                parsing.bytes(damaged, start, start + random.nextInt(damaged.length - start + 1));
            }
        }

        assertTrue(parsing.events > 1000, "some lines state something still");
    }

    private static List<byte[]> hostileLines() {
        return Stream.of("hostile.log", "log-formats.cases")
                .flatMap(file -> Cases.text(LogParserTest.class, file).lines())
                .filter(line -> !line.isEmpty())
                .map(line -> line.getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    /** What takes the lines of this case, by the name of its file. */
    static Function<String, List<String>> step(Cases one) {
        String file = one.name().substring(0, one.name().indexOf('.'));
        if (file.equals("syslog-header") || file.equals("log-formats")) {
            return new Headers()::line;
        }
        if (file.equals("lines") || file.endsWith("-own")) {
            return new Parsing(Set.of())::line;
        }
        Parsing parsing = new Parsing(Set.of("at", "by"));
        String program = program(file);
        return body -> parsing.line("2026-11-21T09:15:23.5+00:00 mx1 " + header(program, body));
    }

    private static String program(String file) {
        return switch (file) {
            case "amavis", "spamd", "rspamd", "clamav-milter", "dovecot", "exim" -> file;
            case "exim-faults" -> "exim";
            case "postfix-smtpd-faults" -> "postfix/smtpd";
            case "sendmail", "sendmail-faults" -> "sm-mta";
            case "opensmtpd" -> "smtpd";
            case "postfix-delivery" -> "postfix/smtp";
            default -> file.replace('-', '/');
        };
    }

    private static String header(String program, String body) {
        return body.matches("\\[\\d+] .*") && !program.equals("exim")
                ? program + body.replaceFirst("] ", "]: ")
                : program + "[7]: " + body;
    }

    /** A parser and what it said of the line at hand. */
    private static final class Parsing {

        private final List<String> said = new ArrayList<>();
        private final LogParser parser;
        private int events;

        Parsing(Set<String> without) {
            parser = new LogParser(Filters.MAIL, ZoneOffset.UTC, NOON, false, event -> {
                events++;
                said.add(Fields.of((Record) event, without));
            });
        }

        /** Part of a buffer in which other bytes stand before and after. */
        void bytes(byte[] line, int start, int end) {
            said.clear();
            parser.accept(new Line().set(line, start, end));
        }

        List<String> line(String text) {
            said.clear();
            parser.accept(Line.of(text));
            return List.copyOf(said);
        }
    }

    /** Reads headers; {@code @ zone reference [follow]} begins anew. */
    private static final class Headers {

        private SyslogHeader header = new SyslogHeader(ZoneOffset.UTC, NOON, false);

        List<String> line(String text) {
            if (text.startsWith("@ ")) {
                String[] words = text.split(" ", -1);
                header = new SyslogHeader(ZoneId.of(words[1]), Instant.parse(words[2]), words.length > 3);
                return List.of();
            }
            boolean known = header.parse(Line.of(text));
            Line line = header.text();
            return known
                    ? List.of("%s %s %d %s"
                            .formatted(
                                    header.at(),
                                    line.text(header.tagStart(), header.tagEnd()),
                                    header.pid(),
                                    line.text(header.bodyStart(), line.end())))
                    : List.of();
        }
    }
}
