package org.postbane.daemon;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How one source fares: whether its file is there, lines come, are understood, and bear the right time. Each trouble is told once
 * when it begins and once when it is over.
 *
 * <p>One thread. Times are arguments; when the clock is set back, waiting begins anew.
 *
 * <p>Known shortcomings: that lines are not understood any more shows after {@link #BLOCK} lines of programs that are read. Lines
 * of other programs say nothing, for or against.
 */
final class Health {

    /** Lines by which it is judged whether they are understood. */
    static final int BLOCK = 50;

    /** Above this share of lines that are not understood something is wrong; well again below half of it. */
    static final double TOO_MANY = 0.5;

    /** A clock that is wrong by more is told of. Zones differ by a quarter of an hour at least. */
    static final Duration WRONG_CLOCK = Duration.ofMinutes(10);

    /** A file is away for a moment when it is rotated; and of several writers one may have a wrong clock. */
    static final Duration AWAY = Duration.ofSeconds(10);

    static final Duration CLOCK_WELL = Duration.ofMinutes(10);

    private enum Trouble {
        MISSING,
        SILENT,
        UNPARSED,
        CLOCK
    }

    /**
     * Something to tell.
     *
     * @param warning it began; else it is over
     */
    record Word(boolean warning, String text) {}

    /**
     * What was seen of a source up to a moment.
     *
     * @param lines all so far
     * @param concerned those of programs that are read, and those without a header
     * @param puzzling of these, those that nobody understood
     * @param skew how far the last line's stamp is from the time of reading, positive for the future; null if none was read, or
     *     it had waited
     * @param missing what it waits for, for people; null if it is there
     * @param fault it cannot be read now, which is told elsewhere
     */
    record Look(
            Instant now,
            long lines,
            long concerned,
            long puzzling,
            @Nullable Duration skew,
            @Nullable String missing,
            boolean fault) {}

    private final Optional<Duration> silent;
    private final Map<Trouble, String> troubles = new EnumMap<>(Trouble.class);
    private List<Word> words = new ArrayList<>();
    private long lines;
    private @Nullable Instant lastRead;
    private Instant quietSince;
    private @Nullable Instant missingSince;
    private boolean wasThere;
    private long blockConcerned;
    private long blockPuzzling;
    private Instant lastWrong = Instant.MIN;

    /** @param silent the longest time without a line; empty if it may take any */
    Health(Optional<Duration> silent, Instant since) {
        this.silent = silent;
        this.quietSince = since;
    }

    /** What is to be told now. */
    List<Word> at(Look look) {
        words = new ArrayList<>();
        presence(look);
        silence(look);
        understanding(look);
        clock(look);
        lines = look.lines();
        return words;
    }

    private void presence(Look look) {
        if (look.missing() == null) {
            wasThere |= !look.fault();
            missingSince = null;
            over(Trouble.MISSING, "is there");
            return;
        }
        if (missingSince == null || look.now().isBefore(missingSince)) {
            missingSince = look.now();
        }
        if (!wasThere || !look.now().isBefore(missingSince.plus(AWAY))) {
            begins(Trouble.MISSING, look.missing() + "; waiting for it");
        }
    }

    private void silence(Look look) {
        if (look.lines() > lines) {
            lastRead = look.now();
            quietSince = look.now();
            over(Trouble.SILENT, "lines come again");
            return;
        }
        if (look.now().isBefore(quietSince) || look.fault() || look.missing() != null) {
            quietSince = look.now(); // set back; or it is told why no line comes
        }
        if (silent.isPresent() && !look.now().isBefore(quietSince.plus(silent.get()))) {
            begins(
                    Trouble.SILENT,
                    "no line for " + inWords(silent.get()) + " ('silent' in its section says when that is told)");
        }
    }

    private void understanding(Look look) {
        long concerned = look.concerned() - blockConcerned;
        if (concerned < BLOCK) {
            return;
        }
        double share = (double) (look.puzzling() - blockPuzzling) / concerned;
        blockConcerned = look.concerned();
        blockPuzzling = look.puzzling();
        if (share > TOO_MANY) {
            begins(
                    Trouble.UNPARSED,
                    String.format(
                            Locale.ROOT,
                            "%.0f %% of the last %d lines were not understood; 'postbane scan --unknown' shows their shapes",
                            100 * share,
                            concerned));
        } else if (share < TOO_MANY / 2) {
            over(Trouble.UNPARSED, "lines are understood again");
        }
    }

    private void clock(Look look) {
        Duration skew = look.lines() > lines ? look.skew() : null;
        if (skew != null && skew.abs().compareTo(WRONG_CLOCK) > 0) {
            lastWrong = look.now();
            begins(
                    Trouble.CLOCK,
                    skew.isNegative()
                            ? "time stamps are " + inWords(skew.abs())
                                    + " behind: lines come late, or its clock or 'zone' is wrong"
                            : "time stamps are " + inWords(skew)
                                    + " ahead: its clock or 'zone' is wrong; the time of reading counts");
        } else if (skew != null && !look.now().isBefore(lastWrong.plus(CLOCK_WELL))) {
            over(Trouble.CLOCK, "time stamps are right again");
        }
        if (look.now().isBefore(lastWrong)) {
            lastWrong = look.now();
        }
    }

    private void begins(Trouble trouble, String text) {
        if (troubles.putIfAbsent(trouble, text) == null) {
            words.add(new Word(true, text));
        }
    }

    private void over(Trouble trouble, String text) {
        if (troubles.remove(trouble) != null) {
            words.add(new Word(false, text));
        }
    }

    /** {@code 6h}, {@code 1d 2h 3m}. */
    private static String inWords(Duration exact) {
        Duration time =
                exact.toSeconds() < 60 ? exact : exact.plusSeconds(30); // to the minute: 4h 59m 59s is five hours
        return time.toSeconds() < 60
                ? time.toSeconds() + "s"
                : ((time.toDays() > 0 ? time.toDays() + "d " : "")
                                + (time.toHoursPart() > 0 ? time.toHoursPart() + "h " : "")
                                + (time.toMinutesPart() > 0 ? time.toMinutesPart() + "m" : ""))
                        .strip();
    }

    /** What is wrong now. */
    List<String> troubles() {
        return List.copyOf(troubles.values());
    }

    /** When the last line was read; null if none was. */
    @Nullable
    Instant lastRead() {
        return lastRead;
    }
}
