package org.postbane.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;
import org.postbane.score.OffenceKind;

/** Readers of single values. Each throws IllegalArgumentException, whose message says what is wrong and what is expected. */
final class Values {

    /** Names that may become part of a file name, a table or a line: no path, no blank, nothing to escape. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}");

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,15}(\\.[0-9]{1,15})?([eE]-?[0-9]{1,2})?");

    private Values() {}

    static double above0(String text) {
        double number = number(text);
        if (!(number > 0)) {
            throw new IllegalArgumentException("'%s' is not a number above 0".formatted(text));
        }
        return number;
    }

    static double between0And1(String text) {
        double number = number(text);
        if (!(number > 0 && number < 1)) {
            throw new IllegalArgumentException("'%s' is not a number between 0 and 1".formatted(text));
        }
        return number;
    }

    /** NaN if it is none. Not what {@link Double#parseDouble} takes: {@code 1d} is a day and {@code 0x1p3} a mistake. */
    private static double number(String text) {
        return NUMBER.matcher(text).matches() ? Double.parseDouble(text) : Double.NaN;
    }

    /** As fail2ban takes it. */
    static boolean truth(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on", "1" -> true;
            case "false", "no", "off", "0" -> false;
            default -> throw new IllegalArgumentException("'%s' is neither true nor false".formatted(text));
        };
    }

    /** The constant with this name in lower case. */
    static <E extends Enum<E>> Function<String, E> oneOf(Class<E> type) {
        return text -> Arrays.stream(type.getEnumConstants())
                .filter(constant -> constant.name().toLowerCase(Locale.ROOT).equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'%s' is none of %s"
                        .formatted(
                                text,
                                Arrays.stream(type.getEnumConstants())
                                        .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                                        .collect(Collectors.joining(", ")))));
    }

    static String name(String text) {
        if (!NAME.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no name: expected letters, digits, '_', '-' and '.', at most 64".formatted(text));
        }
        return text;
    }

    static Path absolutePath(String text) {
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path.normalize();
            }
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'%s' is no path: %s".formatted(text, e.getReason()), e);
        }
        throw new IllegalArgumentException("'%s' is not an absolute path".formatted(text));
    }

    /** A whole number within limits. */
    static int number(String text, int least, int most) {
        if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
            throw new IllegalArgumentException("'%s' is no number from %d to %d".formatted(text, least, most));
        }
        return Integer.parseInt(text);
    }

    /** Absolute paths, parted by blanks. */
    static List<Path> paths(String text) {
        List<Path> paths = new ArrayList<>();
        for (String path : text.strip().split("\\s+", -1)) {
            if (!path.isEmpty()) {
                paths.add(absolutePath(path));
            }
        }
        return paths;
    }

    /** Empty for {@code off}. */
    static Optional<Duration> timeOrOff(String text) {
        return text.equals("off") ? Optional.empty() : Optional.of(Durations.parse(text));
    }

    static ZoneId zone(String text) {
        try {
            return ZoneId.of(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "'%s' is no time zone; expected e.g. Europe/Berlin, UTC or +02:00".formatted(text), e);
        }
    }

    static String storeUrl(String text) {
        if (!text.matches("jdbc:h2:file:/[^ ;\\p{Cntrl}]*[^ ;/\\p{Cntrl}]")) {
            throw new IllegalArgumentException(
                    "'%s' is no address of an H2 file, absolute and without settings; expected e.g. jdbc:h2:file:/var/lib/postbane/state"
                            .formatted(text));
        }
        return text;
    }

    /** Words separated by blanks, commas or line ends; none for an empty value. */
    static List<String> words(String text) {
        return Arrays.stream(text.split("[\\s,]+", -1))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    /** {@code spam, virus*5}: kinds of offence, each with its points if they are not 1. */
    static Map<OffenceKind, Double> weights(String text) {
        Map<OffenceKind, Double> weights = new LinkedHashMap<>();
        for (String word : words(text.replaceAll("\\s*\\*\\s*", "*"))) {
            int star = word.indexOf('*');
            OffenceKind kind = OffenceKind.ofWord(star < 0 ? word : word.substring(0, star));
            if (weights.put(kind, star < 0 ? 1 : above0(word.substring(star + 1))) != null) {
                throw new IllegalArgumentException("'%s' is weighed twice".formatted(kind.word()));
            }
        }
        if (weights.isEmpty()) {
            throw new IllegalArgumentException("names nothing to weigh; expected e.g. spam, virus*5");
        }
        return weights;
    }

    /** An address or a network. */
    static IpPrefix prefix(String text) {
        IpPrefix prefix = IpPrefix.parse(text);
        if (prefix == null) {
            throw new IllegalArgumentException("'%s' is neither an address nor a network".formatted(text));
        }
        return prefix;
    }

    /** Addresses and networks. */
    static List<Subject> networks(String text) {
        List<Subject> networks = new ArrayList<>();
        for (String word : words(text)) {
            Subject subject = Subject.parse(word);
            if (!(subject instanceof Subject.Client)) {
                throw new IllegalArgumentException(
                        "'%s' is neither an address nor a network; accounts and senders stand in the file"
                                .formatted(word));
            }
            networks.add(subject);
        }
        return networks;
    }
}
