package org.postbane.act;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Whom {@link ReportAction} tells of bans, and how often.
 *
 * @param name of the action, in the configuration
 * @param to how it is brought there
 * @param every time between two reports, at least
 * @param redact local parts of mail addresses, and logins, are masked
 */
public record ReportSettings(String name, Way to, Duration every, boolean redact) implements ActionSettings {

    /** How a report is brought to its reader. */
    public sealed interface Way {}

    /**
     * One mail for all that is new, to the administrator.
     *
     * @param sendmail the program, absolute
     * @param from envelope and header
     */
    public record Digest(Path sendmail, String from, String to) implements Way {}

    /**
     * One mail for each banned client, to a desk for abuse.
     *
     * @param format of the machine-readable part
     * @param most mails in one go
     * @param organization who reports
     */
    public record Abuse(Path sendmail, String from, String to, Form format, int most, String organization)
            implements Way {}

    /** A POST of JSON. */
    public record Webhook(URI url, String secret, Optional<Path> secretFile) implements Way {}

    /** Of an abuse report. */
    public enum Form {
        /** RFC 5965. */
        ARF,
        /** XARF 4, category reputation. */
        XARF;

        /** The constant of this name, in lower case. */
        public static Form parse(String text) {
            return switch (text) {
                case "arf" -> ARF;
                case "xarf" -> XARF;
                default -> throw new IllegalArgumentException("'%s': expected arf or xarf".formatted(text));
            };
        }
    }

    /** A mail address, or the name of a local user: it stands in a header and among a program's arguments. */
    public static String address(String text) {
        if (!text.matches("[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@\\[\\]:-]{1,254}") || text.startsWith("-")) {
            throw new IllegalArgumentException("'%s' is no mail address".formatted(text));
        }
        return text;
    }

    /** Where a webhook listens. */
    public static URI url(String text) {
        URI url = URI.create(text);
        if (url.getHost() == null || !("https".equals(url.getScheme()) || "http".equals(url.getScheme()))) {
            throw new IllegalArgumentException("'%s' is no http or https address".formatted(text));
        }
        return url;
    }
}
