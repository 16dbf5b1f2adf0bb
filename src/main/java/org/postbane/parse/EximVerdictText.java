package org.postbane.parse;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;

/**
 * What the words mean by which an ACL says that it refused a message or warns of it. Exim prints no verdict of its own: the
 * words are the administrator's ({@code log_message}, {@code message}), or those of cPanel's configuration. Only what is
 * said with certainty counts.
 *
 * <p>Exim's own words, which an ACL repeats by {@code $acl_verify_message} as {@code configure.default} does, quote the message's header, or
 * what another server said of an address in it: nothing from there on is a verdict. Known: an ACL that itself repeats the subject
 * or a file's name has the sender speak for it.
 */
final class EximVerdictText {

    /**
     * Behind these the message is quoted. Sources: {@code configure.default}; {@code verify_check_headers()}, {@code
     * verify_check_header_names_ascii()}, {@code verify_check_header_address()} and callouts in {@code src/verify.c}; {@code
     * parse_extract_address()} in {@code src/parse.c}.
     */
    private static final Pattern QUOTING =
            Pattern.compile("header syntax\\b|\\bfailing address in\\b|\\bsyntax error in\\b"
                    + "|\\binvalid character in header\\b|\\bcould not verify \"|\\bresponse to \"|\\bmalformed address: "
                    + "|\\bexpected after \"|\\baddress is ridiculously long: ");

    /**
     * {@code this is not spam}, {@code if you think that this is no spam}, {@code spamtrap}: {@code Rejected as spam. If this is not spam,
     * call us} says that it is spam all the same.
     */
    private static final Pattern NOT =
            Pattern.compile("\\b(?:not|non|no|isn't|without|if|whether)\\b.{0,12}spam|spam[ -]?trap");

    private static final Pattern SPAM = Pattern.compile("\\bspam\\b|\\bgtube\\b|\\bspamassassin\\b");
    private static final Pattern VIRUS = Pattern.compile("\\b(?:virus|malware|infected)\\b");
    /** Of what is warned, with more words between. */
    private static final Pattern NOT_WARNED =
            Pattern.compile("\\b(?:not|non|no|isn't|without|if|whether)\\b.{0,24}spam|spam[ -]?trap");

    /** {@code virus found: none}. */
    private static final String DENIED = "(?!:? (?:no|none|false)\\b)";

    /** {@code found spam score 0.1}. */
    private static final String OF_ALL = "(?!:? (?:no|none|false|score|points|level|status|probability)\\b)";

    private static final Pattern WARNING = Pattern.compile("\\b(?:as|is|like) spam\\b"
            + "|\\bspam (?:was )?(?:detected|found|identified|tagged|marked|flagged|quarantined)\\b" + DENIED
            + "|\\b(?:detected|found|identified|tagged|marked|flagged|quarantined):? spam\\b" + OF_ALL
            + "|\\bx-spam-(?:flag|status): yes\\b");
    private static final Pattern NO_VIRUS =
            Pattern.compile("\\b(?:not|non|no|isn't|without|if|whether)\\b.{0,12}(?:virus|malware|infected)");
    private static final Pattern VIRUS_WARNING =
            Pattern.compile("\\b(?:virus|malware) (?:was )?(?:detected|found|identified)\\b" + DENIED
                    + "|\\b(?:detected|found|contains)(?: a)? (?:virus|malware)\\b|\\binfected (?:with|by)\\b");
    private static final Pattern CLEARED =
            Pattern.compile("spamassassin as \\S+ detected .{0,40}message as not spam \\(");
    private static final Pattern POINTS =
            Pattern.compile("(?:\\bscore[d= :]+|spam \\()(-?[0-9]{1,6}(?:\\.[0-9]{1,3})?)");
    private static final Pattern COUNT = Pattern.compile("\\bnrcpt=([0-9]{1,6})$");

    private EximVerdictText() {}

    /** Why a message was refused after its content was seen; null if it was not for that. */
    static @Nullable Judgement refusal(String reason) {
        String text = unquoted(reason);
        if (VIRUS.matcher(text).find()) {
            return Judgement.VIRUS;
        }
        return SPAM.matcher(NOT.matcher(text).replaceAll("")).find() ? Judgement.SPAM : null;
    }

    /** The words in lower case, up to where they quote the message. */
    private static String unquoted(String words) {
        String lower = words.toLowerCase(Locale.ROOT);
        Matcher quoting = QUOTING.matcher(lower);
        return quoting.find() ? lower.substring(0, quoting.start()) : lower;
    }

    /** What a warning says of a message's content; null if it says nothing of that. */
    static @Nullable Judgement warning(String warning) {
        String text = unquoted(warning);
        if (CLEARED.matcher(text).find()) {
            return Judgement.CLEAN;
        }
        if (VIRUS_WARNING.matcher(text).find() && !NO_VIRUS.matcher(text).find()) {
            return Judgement.VIRUS;
        }
        return WARNING.matcher(NOT_WARNED.matcher(text).replaceAll("")).find() ? Judgement.SPAM : null;
    }

    /** Points, where the words have a form that tells them; else NaN. */
    static double points(String text) {
        Matcher matcher = POINTS.matcher(unquoted(text));
        return matcher.find() ? AmavisParser.decimal(matcher.group(1)) : Double.NaN;
    }

    /** How many recipients the message has: {@code nrcpt=N} at the end, for {@code nrcpt=$recipients_count}; 0 where it does not say. */
    static int recipients(String text) {
        Matcher matcher = COUNT.matcher(unquoted(text));
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }
}
