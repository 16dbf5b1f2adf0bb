package org.postbane.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postbane.decide.Sentencing;

/**
 * Spans of time as fail2ban's users write them: {@code 90s 10m 2h 1d 2w}, several of them added up ({@code 1d 12h}), or a
 * plain number of seconds. {@code -1} is for ever, where that makes sense.
 */
public final class Durations {

    /** Longer spans are refused, so that times stay within what databases and kernels hold. */
    public static final Duration MAX = Duration.ofDays(36_500);

    private static final String EXPECTED = "expected e.g. 90s, 10m, 2h, 1d 12h, 2w or a number of seconds";
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,11}");
    private static final Pattern PARTS = Pattern.compile("([0-9]{1,11}[smhdw]\\s*)+");
    private static final Pattern PART = Pattern.compile("([0-9]+)([smhdw])");

    private Durations() {}

    /**
     * A span above 0 and at most {@link #MAX}.
     *
     * @throws IllegalArgumentException with a message for people
     */
    public static Duration parse(String text) {
        return parse(text, EXPECTED);
    }

    /** As {@link #parse(String)}; {@code -1} is {@link Sentencing#FOREVER}. */
    public static Duration parseOrForever(String text) {
        return text.equals("-1") ? Sentencing.FOREVER : parse(text, EXPECTED + ", or -1 for ever");
    }

    private static Duration parse(String text, String expected) {
        if (text.length() > 64
                || !SECONDS.matcher(text).matches() && !PARTS.matcher(text).matches()) {
            throw new IllegalArgumentException("'%s' is no duration; %s".formatted(text, expected));
        }
        Duration sum = text.chars().allMatch(c -> c >= '0' && c <= '9')
                ? Duration.ofSeconds(Long.parseLong(text))
                : Duration.ZERO;
        Matcher part = PART.matcher(text);
        while (part.find()) {
            sum = sum.plusSeconds(Math.multiplyExact(Long.parseLong(part.group(1)), seconds(part.group(2))));
            if (sum.compareTo(MAX) > 0) {
                break;
            }
        }
        if (sum.isZero() || sum.compareTo(MAX) > 0) {
            throw new IllegalArgumentException("'%s' is not above 0 and at most %dd".formatted(text, MAX.toDays()));
        }
        return sum;
    }

    private static long seconds(String unit) {
        return switch (unit) {
            case "s" -> 1;
            case "m" -> 60;
            case "h" -> 3_600;
            case "d" -> 86_400;
            case "w" -> 604_800;
            default -> throw new AssertionError(unit);
        };
    }
}
