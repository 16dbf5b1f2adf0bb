package org.postbane.daemon;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.postbane.parse.LogParser;
import org.postbane.parse.UnknownLines;

/**
 * What was not understood of all sources, since they were opened.
 *
 * @param lines of programs that are read, but of shapes that nobody knows
 * @param unread lines of programs that are not read
 * @param headless lines without a syslog header that is understood
 * @param forgotten of {@code lines}, those that are in none of the shapes any more
 * @param byProgram {@code lines} by program
 * @param shapes the most frequent ones first; at most {@link #MOST}
 */
public record Unknown(
        long lines,
        long unread,
        long headless,
        long forgotten,
        Map<String, Long> byProgram,
        List<UnknownLines.Shape> shapes) {

    /** Shapes that are told of. */
    public static final int MOST = 50;

    public Unknown {
        byProgram = new TreeMap<>(byProgram);
        shapes = List.copyOf(shapes);
    }

    public static Unknown of(List<LogParser> parsers) {
        record Key(String program, String shape) {}
        long lines = 0;
        long unread = 0;
        long headless = 0;
        long forgotten = 0;
        Map<String, Long> byProgram = new TreeMap<>();
        Map<Key, UnknownLines.Shape> shapes = new HashMap<>();
        for (LogParser parser : parsers) {
            UnknownLines unknown = parser.unknown();
            lines += unknown.lines();
            unread += parser.unread();
            headless += unknown.headless();
            forgotten += unknown.forgotten();
            unknown.byProgram().forEach((program, count) -> byProgram.merge(program, count, Long::sum));
            for (UnknownLines.Shape shape : unknown.shapes(MOST)) {
                shapes.merge(
                        new Key(shape.program(), shape.shape()),
                        shape,
                        (a, b) -> new UnknownLines.Shape(a.program(), a.shape(), a.count() + b.count(), a.sample()));
            }
        }
        List<UnknownLines.Shape> worst = new ArrayList<>(shapes.values());
        worst.sort(Comparator.comparingLong((UnknownLines.Shape shape) -> -shape.count())
                .thenComparing(UnknownLines.Shape::program)
                .thenComparing(UnknownLines.Shape::shape));
        return new Unknown(
                lines, unread, headless, forgotten, byProgram, worst.subList(0, Math.min(MOST, worst.size())));
    }
}
