package org.postbane.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postbane.daemon.Health.Look;

final class HealthTest {

    private static final Instant T = Instant.parse("2026-11-21T12:00:00Z");
    private static final String SILENT = "WARN no line for 1h ('silent' in its section says when that is told)";

    private final Health health = new Health(Optional.of(Duration.ofHours(1)), T);
    private Instant now = T;
    private long lines;
    private long puzzling;
    private @Nullable Duration skew;
    private @Nullable String missing;
    private boolean fault;

    @Test
    void silence_isToldOnceAndItsEndToo() {
        lines = 1;
        assertEquals(List.of(), after(Duration.ofMinutes(30)));
        assertEquals(List.of(), after(Duration.ofMinutes(59)));

        assertEquals(List.of(SILENT), after(Duration.ofMinutes(1)));
        assertEquals(List.of(), after(Duration.ofHours(9)));
        assertEquals(1, health.troubles().size());
        lines++;
        assertEquals(List.of("INFO lines come again"), after(Duration.ofSeconds(1)));
        assertEquals(List.of(), after(Duration.ofMinutes(59)));
        assertEquals(List.of(), health.troubles());
    }

    @Test
    void silence_sinceTheStart_isTold() {
        assertEquals(List.of(SILENT), after(Duration.ofHours(1)));
    }

    @Test
    void silence_clockSetBack_beginsAnew() {
        after(Duration.ofMinutes(50));
        assertEquals(List.of(), after(Duration.ofHours(-5)));
        assertEquals(List.of(), after(Duration.ofMinutes(59)));
        assertEquals(List.of(SILENT), after(Duration.ofMinutes(1)));
    }

    @Test
    void silence_whereWeCannotRead_isNotTheSourcesSilence() {
        fault = true;
        assertEquals(List.of(), after(Duration.ofHours(5)));
        fault = false;
        assertEquals(List.of(), after(Duration.ofMinutes(59)));
        assertEquals(List.of(SILENT), after(Duration.ofMinutes(1)));
    }

    @Test
    void silence_off_isNeverTold() {
        Health patient = new Health(Optional.empty(), T);

        assertEquals(List.of(), patient.at(new Look(T.plus(Duration.ofDays(400)), 0, 0, 0, null, null, false)));
    }

    @Test
    void missing_fromTheStart_isToldAtOnce() {
        missing = "there is no /x";
        assertEquals(List.of("WARN there is no /x; waiting for it"), after(Duration.ZERO));
        assertEquals(List.of(), after(Duration.ofHours(2)));
        missing = null;
        assertEquals(List.of("INFO is there"), after(Duration.ofSeconds(1)));
    }

    @Test
    void missing_forAMomentOnly_isARotation() {
        after(Duration.ofSeconds(1));
        missing = "there is no /x";
        assertEquals(List.of(), after(Duration.ofSeconds(1)));
        assertEquals(List.of(), after(Duration.ofSeconds(9)));
        assertEquals(List.of("WARN there is no /x; waiting for it"), after(Duration.ofSeconds(1)));
    }

    @Test
    void lines_notUnderstoodAnyMore_areToldOnceAndWellAgain() {
        more(1000, 10);
        assertEquals(List.of(), after(Duration.ofSeconds(1)));
        more(Health.BLOCK - 1, Health.BLOCK - 1);
        assertEquals(List.of(), after(Duration.ofSeconds(1)));
        more(1, 1);
        assertEquals(
                List.of("WARN 100 % of the last 50 lines were not understood;"
                        + " 'postbane scan --unknown' shows their shapes"),
                after(Duration.ofSeconds(1)));
        more(100, 60);
        assertEquals(List.of(), after(Duration.ofSeconds(1)));
        more(100, 40); // neither ill nor well
        assertEquals(List.of(), after(Duration.ofSeconds(1)));
        more(100, 20);
        assertEquals(List.of("INFO lines are understood again"), after(Duration.ofSeconds(1)));
    }

    @Test
    void clock_wrongByHours_isToldOnceAndWellAgainAfterAWhile() {
        clock(Duration.ofMinutes(-10));
        assertEquals(List.of(), after(Duration.ofSeconds(1)));
        clock(Duration.ofHours(5));
        assertEquals(
                List.of("WARN time stamps are 5h ahead: its clock or 'zone' is wrong; the time of reading counts"),
                after(Duration.ofSeconds(1)));
        clock(Duration.ZERO); // another writer
        assertEquals(List.of(), after(Duration.ofSeconds(1)));
        clock(Duration.ofHours(-2).minusSeconds(5));
        assertEquals(List.of(), after(Duration.ofMinutes(9)));
        assertEquals(List.of(), after(Duration.ofMinutes(20)), "no line came");
        clock(Duration.ZERO);
        assertEquals(List.of("INFO time stamps are right again"), after(Duration.ofSeconds(1)));
        clock(Duration.ofHours(-2));
        assertEquals(
                List.of("WARN time stamps are 2h behind: lines come late, or its clock or 'zone' is wrong"),
                after(Duration.ofSeconds(1)));
    }

    private void more(int all, int notUnderstood) {
        lines += all;
        puzzling += notUnderstood;
    }

    private void clock(Duration newSkew) {
        lines++;
        skew = newSkew;
    }

    private List<String> after(Duration time) {
        now = now.plus(time);
        return health.at(new Look(now, lines, lines, puzzling, skew, missing, fault)).stream()
                .map(word -> (word.warning() ? "WARN " : "INFO ") + word.text())
                .toList();
    }
}
