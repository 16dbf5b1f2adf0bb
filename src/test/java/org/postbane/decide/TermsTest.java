package org.postbane.decide;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postbane.decide.Sentencing.Limit;
import org.postbane.decide.Sentencing.Term;
import org.postbane.model.Subject;
import org.postbane.score.OffenceKind;
import org.postbane.score.Scored;
import org.postbane.score.Standing;
import org.postbane.score.Weighing;
import org.postbane.score.Weighing.Memory;

class TermsTest {

    private static final Instant T0 = Instant.parse("2026-03-01T00:00:00Z");

    private static Scored scored(Memory memory, Standing standing) {
        Weighing weighing = new Weighing(
                "j", Weighing.Who.CLIENT, Weighing.Direction.ANY, Map.of(OffenceKind.SPAM, 1.0), memory, 20);
        return new Scored(T0, weighing, Subject.parse("192.0.2.1"), standing.pointsAt(T0, memory), standing);
    }

    private static Instant end(Term term, Limit limit, Memory memory, double points, int earlier) {
        Sentencing jail = new Sentencing("j", limit, OptionalDouble.empty(), term, List.of());
        return Terms.end(jail, scored(memory, Standing.clean(T0).plus(T0, points, memory)), earlier);
    }

    @Test
    void points_severity_isWhereTheSeverityIsTheThreshold() {
        assertEquals(2.107, Terms.points(new Limit.Severity(0.1), 20), 5e-4);
        assertEquals(0.1, 1 - Math.exp(-Terms.points(new Limit.Severity(0.1), 20) / 20), 1e-15);
        assertEquals(5, Terms.points(new Limit.Count(5), 20));
    }

    /** fail2ban: time * factor * (1 << (n < 20 ? n : 20)), at most maxtime. */
    @ParameterizedTest
    @CsvSource({"0, 1, 3600", "1, 1, 7200", "3, 0.5, 14400", "20, 1, 3774873600", "25, 1, 3774873600"})
    void end_increment_isFail2bans(int earlier, double factor, long seconds) {
        Term term = new Term.Fixed(Duration.ofHours(1), true, factor, Sentencing.FOREVER);

        Instant end = end(term, new Limit.Count(1), new Memory.HalfLife(Duration.ofDays(1)), 1, earlier);

        assertEquals(T0.plusSeconds(seconds), end);
    }

    @Test
    void end_hugeTimes_areForEver() {
        Memory memory = new Memory.HalfLife(Duration.ofDays(1));
        Limit limit = new Limit.Count(1);

        assertEquals(
                Instant.MAX, end(new Term.Fixed(Sentencing.FOREVER, true, 2, Sentencing.FOREVER), limit, memory, 1, 3));
        assertEquals(
                Instant.MAX,
                end(
                        new Term.Fixed(Duration.ofSeconds(Long.MAX_VALUE / 4), true, 1e300, Sentencing.FOREVER),
                        limit,
                        memory,
                        1,
                        20));
        assertEquals(
                Instant.MAX,
                end(
                        new Term.Decay(Duration.ofHours(1), Sentencing.FOREVER),
                        limit,
                        new Memory.HalfLife(Duration.ofSeconds(Long.MAX_VALUE)),
                        1e9,
                        0));
    }

    @Test
    void end_decayInAWindow_isWhenEnoughHasLeftIt() {
        Memory window = new Memory.Window(Duration.ofDays(20));
        Standing standing = Standing.clean(T0)
                .plus(T0.minus(Duration.ofDays(15)), 2, window)
                .plus(T0.minus(Duration.ofDays(10)), 2, window)
                .plus(T0, 1, window);
        Sentencing jail = new Sentencing(
                "j",
                new Limit.Severity(0.1),
                OptionalDouble.empty(),
                new Term.Decay(Duration.ofHours(1), Duration.ofDays(60)),
                List.of());

        assertEquals(T0.plus(Duration.ofDays(10)), Terms.end(jail, scored(window, standing), 0));
    }

    @ParameterizedTest
    @CsvSource({"PT10M, 10m", "PT90S, 90s", "P20D, 20d", "PT36H, 36h", "PT0.5S, 0s"})
    void span_isWrittenAsInTheConfiguration(Duration span, String text) {
        assertEquals(text, Reason.span(span));
    }
}
