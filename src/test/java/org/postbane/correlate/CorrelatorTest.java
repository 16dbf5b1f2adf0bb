package org.postbane.correlate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.model.QueueId;
import org.postbane.parse.LogParser;
import org.postbane.source.Line;
import org.postbane.testing.Cases;
import org.postbane.testing.Filters;
import org.postbane.testing.Rows;

/**
 * From lines to deeds: the {@code .cases} files beside this class, of which each deed stands after the line that it came
 * with. {@code @ time} lets time pass, {@code @ end} is the end of the log, {@code @ open N} as the first line sets how many
 * messages may be open. Traps are {@code @trap.example}, {@code t1@example.org} to {@code t9@example.org}, and what the
 * extracts' mail server had.
 */
final class CorrelatorTest {

    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    private static final Traps TRAPS = Traps.of(List.of("@trap.example", "/^t[a-z]{0,2}[0-9]+@example\\.org$/"));

    private static Stream<Cases> cases() {
        return Stream.of(
                        "link",
                        "victims",
                        "spamd",
                        "traps",
                        "faults",
                        "other",
                        "dovecot",
                        "milter",
                        "before-queue",
                        "exim",
                        "sendmail",
                        "opensmtpd")
                .flatMap(file -> Cases.of(CorrelatorTest.class, file + ".cases").stream());
    }

    /** What is remembered in memory only, so that a restart may end it. */
    private static Stream<Cases> casesWithoutRestart() {
        return Stream.of("overload.cases", "exim-parts.cases")
                .flatMap(file -> Cases.of(CorrelatorTest.class, file).stream());
    }

    @ParameterizedTest
    @MethodSource({"cases", "casesWithoutRestart"})
    void accept_lines_sayDeeds(Cases one) {
        one.check(step(one));
    }

    static Function<String, List<String>> step(Cases one) {
        return new Run(settings(one.inputs()), false)::line;
    }

    /** Wherever the agent stops and starts again, nothing is said twice, and nothing is left out. */
    @ParameterizedTest
    @MethodSource("cases")
    void restore_afterAnyLine_saysTheSame(Cases one) {
        List<String> lines = one.inputs();
        CorrelateSettings settings = settings(lines);
        Run whole = new Run(settings, false);
        List<String> expected =
                lines.stream().flatMap(line -> whole.line(line).stream()).toList();

        for (int cut = 0; cut <= lines.size(); cut++) {
            if (cut > 0 && isKeptInMemoryOnly(lines.get(cut - 1), cut < lines.size() ? lines.get(cut) : "")
                    || lines.subList(0, cut).stream().anyMatch(line -> line.contains(" smtp connected "))) {
                continue;
            }
            List<String> said = new ArrayList<>();
            Rows rows = new Rows();
            Run before = new Run(settings, true);
            for (String line : lines.subList(0, cut)) {
                said.addAll(before.line(line));
                before.correlator.saveTo(rows);
            }
            Run after = new Run(settings, true);
            after.correlator.restore(rows);
            for (String line : lines.subList(cut, lines.size())) {
                said.addAll(after.line(line));
            }
            assertEquals(String.join("\n", expected), String.join("\n", said), one.name() + " cut after line " + cut);
        }
    }

    /**
     * Known: what amavis or Exim split is put together in memory only, and so are copies for Exim's reject log told, and
     * OpenSMTPD's sessions.
     */
    private static boolean isKeptInMemoryOnly(String line, String next) {
        return line.endsWith("...") || line.equals(next) || next.matches(".*]: \\[[0-9]+[\\\\/][0-9]+] .*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"postfix-amavis.log", "postfix-spamd.log", "spamtraps.log"})
    void restore_oftenInARealLog_saysTheSame(String log) {
        List<String> lines = Cases.text(CorrelatorTest.class, log).lines().toList();
        Map<String, Integer> expected = counts(lines);
        Random random = new Random(3);

        for (int round = 0; round < 5; round++) {
            Map<String, Integer> counts = new LinkedHashMap<>();
            Rows rows = new Rows();
            Run run = new Run(CorrelateSettings.DEFAULT, true);
            for (String line : lines) {
                run.line(line).forEach(deed -> count(counts, deed));
                if (random.nextInt(4) == 0) {
                    run.correlator.saveTo(rows);
                    boolean split = line.endsWith("...");
                    if (!split) {
                        run.correlator = run.correlator(CorrelateSettings.DEFAULT, true);
                        run.correlator.restore(rows);
                    }
                }
            }
            run.line("@ end").forEach(deed -> count(counts, deed));

            assertEquals(new TreeMap<>(expected), new TreeMap<>(counts));
        }
    }

    /** Lines of one second may come in any order, but for those of one process: nobody is blamed for more than he did. */
    @ParameterizedTest
    @ValueSource(strings = {"postfix-amavis.log", "postfix-spamd.log", "spamtraps.log"})
    void accept_secondsShuffled_blamesNobodyForMore(String log) {
        List<String> lines = Cases.text(CorrelatorTest.class, log).lines().toList();
        Map<String, Integer> straight = counts(lines);
        assertTrue(straight.size() > 10, "the extract says something");

        for (int seed = 0; seed < 30; seed++) {
            Map<String, Integer> shuffled = counts(shuffled(lines, new Random(seed)));

            for (Map.Entry<String, Integer> each : shuffled.entrySet()) {
                int most = straight.getOrDefault(each.getKey(), 0);
                boolean blame =
                        !each.getKey().contains("CLEAN") && !each.getKey().startsWith("Unjudged");
                assertTrue(
                        !blame || each.getValue() <= most,
                        () -> "%s: %d, straight %d".formatted(each.getKey(), each.getValue(), most));
            }
        }
    }

    /** Each second's lines in another order, each process's in the same. */
    private static List<String> shuffled(List<String> lines, Random random) {
        List<String> all = new ArrayList<>();
        for (int from = 0; from < lines.size(); ) {
            int to = from;
            Map<String, List<String>> byProcess = new LinkedHashMap<>();
            List<String> turns = new ArrayList<>();
            String second = lines.get(from).substring(0, 15);
            while (to < lines.size() && lines.get(to).startsWith(second)) {
                String line = lines.get(to++);
                String process = line.substring(16, line.indexOf(": ", 16));
                byProcess.computeIfAbsent(process, name -> new ArrayList<>()).add(line);
                turns.add(process);
            }
            Collections.shuffle(turns, random);
            turns.forEach(process ->
                    all.add(Objects.requireNonNull(byProcess.get(process)).remove(0)));
            from = to;
        }
        return all;
    }

    /** How often each deed was said; victims by their number. */
    private static Map<String, Integer> counts(List<String> lines) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        Run run = new Run(CorrelateSettings.DEFAULT, false);
        Stream.concat(lines.stream(), Stream.of("@ end"))
                .forEach(line -> run.line(line).forEach(deed -> count(counts, deed)));
        return counts;
    }

    private static void count(Map<String, Integer> counts, String deed) {
        String[] words = deed.split(" ", -1);
        if (words[0].equals("Victims")) {
            counts.merge("Victims " + words[1] + " " + words[2], Integer.parseInt(words[3]), Integer::sum);
        } else if (words[0].equals("Trapped")) { // by which of several traps depends on the order
            counts.merge("Trapped " + words[1], 1, Integer::sum);
        } else {
            counts.merge(words[0] + " " + words[1] + " " + words[2], 1, Integer::sum);
        }
    }

    private static CorrelateSettings settings(List<String> lines) {
        CorrelateSettings usual = CorrelateSettings.DEFAULT;
        String first = lines.get(0);
        return first.startsWith("@ open ")
                ? new CorrelateSettings(
                        Integer.parseInt(first.substring(7)), usual.oldest(), usual.linger(), usual.patience())
                : usual;
    }

    /** A parser and a correlator, and what they said of the line at hand. */
    static final class Run {

        private final List<String> said = new ArrayList<>();
        private final LogParser parser =
                new LogParser(Filters.MAIL, ZoneOffset.UTC, NOON, false, event -> this.correlator.accept(event));
        private Correlator correlator;

        Run(CorrelateSettings settings, boolean remembers) {
            correlator = correlator(settings, remembers);
        }

        Correlator correlator(CorrelateSettings settings, boolean remembers) {
            return new Correlator(settings, TRAPS::matches, remembers, deed -> {
                if (!(deed instanceof Deed.Delivered)) { // of each clean message: tested where records are
                    said.add(text(deed));
                }
            });
        }

        List<String> line(String line) {
            said.clear();
            if (line.equals("@ end")) {
                correlator.finish();
            } else if (line.startsWith("@ 2")) {
                correlator.advance(Instant.parse(line.substring(2)));
            } else {
                parser.accept(Line.of(line));
            }
            return List.copyOf(said);
        }
    }

    /** Kind, client, what, by which message. */
    private static String text(Deed deed) {
        Origin origin = deed.origin();
        String account = origin.account() == null ? "" : " account=" + origin.account();
        QueueId id = origin.queueId();
        String by = account + (id == null ? "" : " " + id);
        String what;
        if (deed instanceof Deed.Judged judged) {
            what = "Judged %s %s %s".formatted(origin.client(), judged.judgement(), judged.trial());
        } else if (deed instanceof Deed.Victims victims) {
            what = "Victims %s %s %d".formatted(origin.client(), victims.judgement(), victims.count());
        } else if (deed instanceof Deed.Trapped trapped) {
            what = "Trapped %s %s %s".formatted(origin.client(), trapped.address(), trapped.trial());
        } else if (deed instanceof Deed.Refused refused) {
            what = "Refused %s %s %d".formatted(origin.client(), refused.stage(), refused.code());
        } else if (deed instanceof Deed.Misbehaved misbehaved) {
            what = "Misbehaved %s %s: %s".formatted(origin.client(), misbehaved.fault(), misbehaved.what());
        } else if (deed instanceof Deed.AuthFailed failed) {
            what = "AuthFailed %s %s".formatted(origin.client(), failed.login());
        } else {
            what = "Unjudged %s".formatted(origin.client());
        }
        return what + by;
    }
}
