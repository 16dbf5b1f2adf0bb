package org.postbane.parse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;
import org.postbane.correlate.CorrelateSettings;
import org.postbane.correlate.Correlator;
import org.postbane.model.Judgement;
import org.postbane.source.Line;

/**
 * What a line costs, by what it states; the lines are those of the sample log. With {@code -prof gc} the number to watch is
 * {@code gc.alloc.rate.norm}, bytes a line: 0 for lines that state nothing.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LogParserBenchmark {

    /** Lines of each invocation. */
    private static final int LINES = 200;

    /** Which lines of the sample log: all, or those that hold these words. */
    public enum Kind {
        ALL(""),
        NOTHING(" disconnect from "), // with another program's name: see of()
        CONNECT(": connect from "),
        CLIENT(": client="),
        QUEUED("(queue active)"),
        REMOVED(": removed"),
        DELIVERY("status=sent"),
        VERDICT("amavis[");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        private List<Line> of(List<String> log) {
            List<Line> lines = new ArrayList<>();
            List<String> all = log.stream().filter(line -> line.contains(words)).toList();
            for (int i = 0; i < LINES; i++) {
                String line = all.get(i % all.size());
                lines.add(Line.of(this == NOTHING ? line.replace("smtpd", i % 2 == 0 ? "anvil" : "tlsproxy") : line));
            }
            return lines;
        }
    }

    @Param
    private Kind kind;

    private List<Line> lines;
    private LogParser parser;
    private LogParser pipeline;
    private Blackhole sink;

    @Setup
    public void prepare(Blackhole blackhole) {
        sink = blackhole;
        MailFilter filter = new MailFilter(
                Map.of(
                        Software.POSTFIX, Set.of("smtpd", "cleanup", "qmgr", "smtp", "virtual", "discard", "pickup"),
                        Software.AMAVIS, Set.of("amavis"),
                        Software.SPAMD, Set.of("spamd")),
                Map.of("CLEAN", Judgement.CLEAN, "SPAM", Judgement.SPAM));
        Instant reference = Instant.parse("2026-11-21T00:00:00Z");
        parser = new LogParser(filter, ZoneOffset.UTC, reference, true, event -> sink.consume(event));
        Correlator correlator =
                new Correlator(CorrelateSettings.DEFAULT, address -> false, false, deed -> sink.consume(deed));
        pipeline = new LogParser(filter, ZoneOffset.UTC, reference, true, correlator);
        try {
            lines = kind.of(Files.readAllLines(Path.of("src/test/resources/sample/mail.log")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Benchmark
    @OperationsPerInvocation(LINES)
    public void parse() {
        for (Line line : lines) {
            parser.accept(line);
        }
    }

    /** Parsed, and joined into messages. */
    @Benchmark
    @OperationsPerInvocation(LINES)
    public void parseAndCorrelate() {
        for (Line line : lines) {
            pipeline.accept(line);
        }
    }
}
