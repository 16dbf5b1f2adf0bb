package org.postbane.act;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where and how {@link PostfixMapAction} keeps a map: the {@code [Init]} section of {@code actions/postfix-*-map.conf}.
 *
 * @param name of the action, in the configuration
 * @param map the text file, absolute; {@code main.cf} names it behind the type
 * @param lookup who is looked up in it
 * @param type empty for Postfix's own default_database_type
 * @param text what Postfix is to do, as access(5) has it, with tags
 * @param reload whether {@code postfix reload} is called where the type needs it
 * @param reloadPause time between two reloads
 * @param instance Postfix's configuration directory; empty for its default
 */
public record PostfixMapSettings(
        String name,
        Path map,
        SubjectKind lookup,
        Optional<MapType> type,
        String text,
        boolean reload,
        Duration reloadPause,
        Optional<Path> instance)
        implements ActionSettings {

    /** What Postfix is to do, where nobody says otherwise. */
    public static final String TEXT = "554 5.7.1 <subject> is banned until <until> (ticket <ticket>)";

    private static final Pattern TAG = Pattern.compile("<([^<>]*)>");
    private static final Set<String> TAGS = Set.of("subject", "until", "ticket", "jail");
    private static final int MOST_TEXT = 400;

    public PostfixMapSettings {
        if (lookup != SubjectKind.CLIENT && type.isPresent() && type.get() == MapType.CIDR) {
            throw new IllegalArgumentException("a cidr map holds clients only");
        }
        text(text);
    }

    /** What Postfix is to do, if it can be that. */
    public static String text(String text) {
        if (text.isBlank() || text.length() > MOST_TEXT || !text.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
            throw new IllegalArgumentException(
                    "expected an action of access(5) on one line of at most %d plain characters".formatted(MOST_TEXT));
        }
        Matcher tag = TAG.matcher(text);
        while (tag.find()) {
            if (!TAGS.contains(tag.group(1))) {
                throw new IllegalArgumentException(
                        "unknown tag '%s'; known are <subject>, <until>, <ticket>, <jail>".formatted(tag.group()));
            }
        }
        return text;
    }

    @Override
    public Set<String> places() {
        return Set.of("file " + map);
    }
}
