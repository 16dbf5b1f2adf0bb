package org.postbane.act;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which programs {@link CommandAction} calls: the {@code [Init]} section of {@code actions/command.conf}. A command is a list
 * of words, the program first; tags within a word are replaced by what they stand for, and whatever that is, it stays part of
 * this one word.
 *
 * @param name of the action, in the configuration
 * @param ban called for new and changed bans; never empty
 * @param unban called for ended bans; empty if nobody needs to know
 * @param reconcile called with all bans in force; empty if the program cannot replace what it has
 * @param batches whether a program is called once for many bans, one {@code line} each on its standard input
 * @param line what stands on standard input for a ban, with tags
 * @param takes kinds of subject that the program takes
 * @param timeout after which a program is killed, with all that it has started
 */
public record CommandSettings(
        String name,
        List<String> ban,
        List<String> unban,
        List<String> reconcile,
        boolean batches,
        String line,
        Set<SubjectKind> takes,
        Duration timeout)
        implements ActionSettings {

    private static final Pattern TAG = Pattern.compile("<([^<>]*)>");
    private static final Pattern WORD = Pattern.compile("\\s*(?:\"([^\"]*)\"|'([^']*)'|([^\\s\"']+))(?=\\s|$)");
    private static final Set<String> TAGS = Set.of("subject", "jail", "until", "seconds", "reason");

    public CommandSettings {
        ban = List.copyOf(ban);
        unban = List.copyOf(unban);
        reconcile = List.copyOf(reconcile);
        takes = Set.copyOf(takes);
        if (ban.isEmpty()) {
            throw new IllegalArgumentException("no command for a ban");
        }
        if (batches && (hasTag(ban) || hasTag(unban)) || hasTag(reconcile)) {
            throw new IllegalArgumentException(
                    "a command that is called for many bans at once has no tags; they belong into 'line'");
        }
    }

    private static boolean hasTag(List<String> words) {
        return words.stream().anyMatch(word -> TAG.matcher(word).find());
    }

    /** A command: words between blanks, or in quotes. Tags must be known. The program needs its full path. */
    public static List<String> command(String text) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(text.strip());
        int at = 0;
        while (at < text.strip().length()) {
            word.region(at, text.strip().length());
            if (!word.lookingAt()) {
                throw new IllegalArgumentException(
                        "'%s': a quote is not closed, or stands within a word".formatted(text));
            }
            words.add(word.group(1) != null ? word.group(1) : word.group(2) != null ? word.group(2) : word.group(3));
            at = word.end();
        }
        words.forEach(CommandSettings::tags);
        if (!words.isEmpty() && !words.get(0).startsWith("/")) {
            throw new IllegalArgumentException("'%s': expected the full path of a program".formatted(words.get(0)));
        }
        return words;
    }

    /** A text whose tags are known. */
    public static String tags(String text) {
        Matcher tag = TAG.matcher(text);
        while (tag.find()) {
            if (!TAGS.contains(tag.group(1))) {
                throw new IllegalArgumentException(
                        "unknown tag '%s'; known are <subject>, <jail>, <until>, <seconds>, <reason>"
                                .formatted(tag.group()));
            }
        }
        return text;
    }
}
