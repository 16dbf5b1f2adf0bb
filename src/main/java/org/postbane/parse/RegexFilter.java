package org.postbane.parse;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;

/**
 * An administrator's own filter, {@code filters/NAME.conf}: what lines of a program mean that nobody here knows. The expressions
 * are RE2's, which take time in proportion to a line's length whatever a stranger has written into it.
 *
 * @param name of the file
 * @param programs whole program names of syslog headers, or their last part after a slash
 * @param event what a line states that one of the expressions matches
 * @param expressions as {@link #expression} makes them
 * @param ignored a line that one of these matches states nothing
 */
public record RegexFilter(
        String name, Set<String> programs, Event event, List<String> expressions, List<String> ignored) {

    /** What a line may state. */
    public enum Event {
        AUTH_FAILURE(null),
        REJECT(null),
        PROTOCOL_ERROR(null),
        SPAM(Judgement.SPAM),
        VIRUS(Judgement.VIRUS),
        HAM(Judgement.CLEAN);

        /** Of a verdict on a message, which is told by its queue id; null for what a client did. */
        final @Nullable Judgement judgement;

        Event(@Nullable Judgement judgement) {
            this.judgement = judgement;
        }

        /** As in the file: {@code auth-failure}. */
        public String key() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** @throws IllegalArgumentException with the words that it may be */
        public static Event of(String key) {
            for (Event event : values()) {
                if (event.key().equals(key)) {
                    return event;
                }
            }
            throw new IllegalArgumentException(
                    "'%s' is no event; expected auth-failure, reject, protocol-error, spam, virus or ham"
                            .formatted(key));
        }
    }

    static final String HOST = "host";
    static final String USER = "user";
    static final String QUEUE = "queue";
    static final String SENDER = "sender";
    static final String RECIPIENT = "rcpt";
    static final String POINTS = "points";

    private static final Set<String> GROUPS = Set.of(HOST, USER, QUEUE, SENDER, RECIPIENT, POINTS);
    private static final String ADDRESS = "\\[?(?:::ffff:)?(?P<host>[0-9A-Fa-f.:]+)\\]?";
    private static final int MOST_EXPRESSIONS = 100;

    public RegexFilter {
        programs = Set.copyOf(programs);
        expressions = List.copyOf(expressions);
        ignored = List.copyOf(ignored);
        if (programs.isEmpty() || expressions.isEmpty()) {
            throw new IllegalArgumentException("a filter of no program, or without an expression");
        }
        if (expressions.size() + ignored.size() > MOST_EXPRESSIONS) {
            throw new IllegalArgumentException("more than %d expressions".formatted(MOST_EXPRESSIONS));
        }
        expressions.forEach(Pattern::compile);
        ignored.forEach(Pattern::compile);
    }

    /** Whether lines of this program are meant. */
    boolean reads(String program) {
        return programs.contains(program) || programs.contains(program.substring(program.lastIndexOf('/') + 1));
    }

    /**
     * An expression of a file, with fail2ban's tags put for what they stand for: {@code <HOST>} is an address, {@code <F-USER>...</F-USER>} the
     * group {@code user}.
     *
     * @throws IllegalArgumentException with a message for people if it is none, if it could begin anywhere in a line, or lacks what the
     *     event is about
     */
    public static String expression(String text, Event event) {
        if (!text.startsWith("^")) {
            throw new IllegalArgumentException(
                    "'%s' must begin with ^: what stands further on in a line may be a stranger's text"
                            .formatted(text));
        }
        String plain = compiled(text);
        Set<String> groups = new HashSet<>(Pattern.compile(plain).namedGroups().keySet());
        String needed = event.judgement == null ? HOST : QUEUE;
        if (!groups.contains(needed)) {
            throw new IllegalArgumentException("'%s' has no %s, which %s is about"
                    .formatted(text, needed.equals(HOST) ? "<HOST>" : "<F-QUEUE>...</F-QUEUE>", event.key()));
        }
        groups.removeAll(GROUPS);
        if (!groups.isEmpty()) {
            throw new IllegalArgumentException(
                    "'%s' has a group '%s'; known are host, user, queue, sender, rcpt and points"
                            .formatted(text, groups.iterator().next()));
        }
        return plain;
    }

    /** As {@link #expression}, for {@code ignoreregex}, which states nothing and may match anywhere. */
    public static String ignored(String text) {
        return compiled(text);
    }

    private static String compiled(String text) {
        String plain = text.replace("<HOST>", ADDRESS).replace("<ADDR>", ADDRESS);
        for (String group : GROUPS) {
            String tag = "F-" + group.toUpperCase(Locale.ROOT) + ">";
            plain = plain.replace("<" + tag, "(?P<" + group + ">").replace("</" + tag, ")");
        }
        try {
            Pattern.compile(plain);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "'%s' is no expression of RE2's: %s".formatted(text, e.getDescription()), e);
        }
        return plain;
    }
}
