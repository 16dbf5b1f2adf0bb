package org.postbane.correlate;

import java.io.Serial;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Addresses that no honest sender can know: exact ones, whole domains, and regular expressions. Compared in lower case,
 * although RFC 5321 section 2.4 lets a local part care for case: nobody sets a trap beside an honest mailbox that differs in
 * case only. The address extension is looked through: {@code user+tag@domain} hits the trap {@code user@domain}; so are other ways to
 * write an address, see {@link PlainAddress}.
 *
 * <p>Safe for several threads. Memory: the entries. A hash look-up each for address and domain, however many there are; the
 * regular expressions are tried one after the other.
 *
 * <p>The addresses are attackers' text, and Java's regular expressions can take exponential time: an expression may look at
 * {@value #MAX_STEPS} characters of one address, then it is taken not to match. Shortcomings: so an expression that is
 * badly made may miss; only {@code +} separates an extension.
 */
public final class Traps {

    /** No traps. */
    public static final Traps NONE = new Builder().build();

    /** Longest address: RFC 5321 section 4.5.3.1, 64 for the local part, 255 for the domain, {@code @}. Longer text is no trap. */
    static final int MAX_ADDRESS = 320;

    /** About a millisecond. A well-made expression needs a few hundred. */
    static final int MAX_STEPS = 100_000;

    private final Set<String> addresses;
    private final Set<String> domains;
    private final List<Pattern> patterns;

    private Traps(Builder builder) {
        addresses = Set.copyOf(builder.addresses);
        domains = Set.copyOf(builder.domains);
        patterns = List.copyOf(builder.patterns);
    }

    /** @throws IllegalArgumentException for the first entry that is none, with a message for people */
    public static Traps of(Collection<String> entries) {
        Builder builder = new Builder();
        entries.forEach(builder::add);
        return builder.build();
    }

    public boolean isEmpty() {
        return addresses.isEmpty() && domains.isEmpty() && patterns.isEmpty();
    }

    /** Whether {@code address} is a trap. Any text may be asked for; without {@code @} only expressions can match. */
    public boolean matches(String address) {
        if (address.length() > MAX_ADDRESS || isEmpty()) {
            return false;
        }
        String lower = address.toLowerCase(Locale.ROOT);
        String plain = PlainAddress.of(lower);
        return matchesAsWritten(lower) || !plain.equals(lower) && matchesAsWritten(plain);
    }

    private boolean matchesAsWritten(String lower) {
        int at = lower.lastIndexOf('@');
        if (at >= 0 && (domains.contains(lower.substring(at)) || addresses.contains(lower))) {
            return true;
        }
        int plus = lower.indexOf('+');
        String base = plus > 0 && plus < at ? lower.substring(0, plus) + lower.substring(at) : lower;
        return addresses.contains(base) || patterns.stream().anyMatch(pattern -> finds(pattern, lower, base));
    }

    private static boolean finds(Pattern pattern, String lower, String base) {
        return finds(pattern, lower) || !base.equals(lower) && finds(pattern, base);
    }

    private static boolean finds(Pattern pattern, String text) {
        try {
            return pattern.matcher(new Counted(text)).find();
        } catch (TooManySteps | StackOverflowError e) {
            return false; // promised by the class comment: a mail log must not be able to stop the pipeline
        }
    }

    /** Collects entries. */
    public static final class Builder {

        private final Set<String> addresses = new HashSet<>();
        private final Set<String> domains = new HashSet<>();
        private final List<Pattern> patterns = new ArrayList<>();

        /**
         * Adds {@code user@domain}, {@code @domain} or {@code /regex/}. An expression matches where it is found anywhere in the
         * address, without regard to case, as in Postfix's regexp tables.
         *
         * @throws IllegalArgumentException if it is none of these, with a message for people
         */
        public Builder add(String entry) {
            if (entry.startsWith("/")) {
                patterns.add(compile(entry));
                return this;
            }
            int at = entry.lastIndexOf('@');
            boolean blank = entry.chars().anyMatch(c -> Character.isWhitespace(c) || Character.isISOControl(c));
            if (at < 0 || at == entry.length() - 1 || blank || entry.length() > MAX_ADDRESS) {
                throw new IllegalArgumentException(
                        "'%s' is no trap; expected user@domain, @domain or /regex/".formatted(entry));
            }
            (at == 0 ? domains : addresses).add(entry.toLowerCase(Locale.ROOT));
            return this;
        }

        private static Pattern compile(String entry) {
            if (entry.length() < 3 || !entry.endsWith("/")) {
                throw new IllegalArgumentException("'%s' is no /regex/".formatted(entry));
            }
            try {
                return Pattern.compile(
                        entry.substring(1, entry.length() - 1), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException(
                        "'%s' is no regular expression: %s at character %d"
                                .formatted(entry, e.getDescription(), e.getIndex() + 2),
                        e);
            }
        }

        public Traps build() {
            return new Traps(this);
        }
    }

    /** Text that may be looked at {@link #MAX_STEPS} times. */
    private static final class Counted implements CharSequence {

        private final String text;
        private int steps;

        Counted(String text) {
            this.text = text;
        }

        @Override
        public char charAt(int index) {
            if (++steps > MAX_STEPS) {
                throw new TooManySteps();
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class TooManySteps extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1L;

        TooManySteps() {
            super("a trap's regular expression took too long", null, false, false);
        }
    }
}
