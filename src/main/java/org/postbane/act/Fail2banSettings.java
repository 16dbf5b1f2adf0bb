package org.postbane.act;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which jail of fail2ban {@link Fail2banAction} hands its bans to: the {@code [Init]} section of {@code
 * actions/fail2ban.conf}.
 *
 * @param jail of fail2ban; belongs to this action alone: other bans in it are lifted
 * @param socket of the server; empty for fail2ban's own default
 */
public record Fail2banSettings(String name, String jail, Optional<Path> socket) implements ActionSettings {

    private static final Pattern JAIL = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,39}");

    public Fail2banSettings {
        jail(jail);
    }

    /** The name of a jail, if it is one. */
    public static String jail(String text) {
        if (!JAIL.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no name for a jail: expected a letter and at most 39 letters, digits, _ or -"
                            .formatted(text));
        }
        return text;
    }

    @Override
    public Set<String> places() {
        return Set.of("jail %s of fail2ban%s"
                .formatted(jail, socket.map(path -> " at " + path).orElse("")));
    }
}
