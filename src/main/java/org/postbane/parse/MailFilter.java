package org.postbane.parse;

import java.util.Map;
import java.util.Set;
import org.postbane.parse.LogEvent.Judgement;

/**
 * The built-in filter, as {@code filters/mail.conf} sets it: which programs are read, and what the categories of a content
 * filter mean.
 *
 * @param postfix service programs of Postfix, the last part of {@code postfix/submission/smtpd}
 * @param amavis program names under which amavisd-new logs
 * @param spamd program names under which SpamAssassin's spamd logs
 * @param judgements by amavis category, in capitals
 */
public record MailFilter(
        Set<String> postfix, Set<String> amavis, Set<String> spamd, Map<String, Judgement> judgements) {

    public MailFilter {
        postfix = Set.copyOf(postfix);
        amavis = Set.copyOf(amavis);
        spamd = Set.copyOf(spamd);
        judgements = Map.copyOf(judgements);
    }

    /**
     * What a category means: {@code BAD-HEADER-7} is looked up as itself, then as {@code BAD-HEADER}, then as {@code BAD}.
     * One that is not known was not looked at: {@link Judgement#UNCHECKED}.
     */
    Judgement judgement(String category) {
        String word = category;
        while (true) {
            Judgement judgement = judgements.get(word);
            if (judgement != null) {
                return judgement;
            }
            int hyphen = word.lastIndexOf('-');
            if (hyphen <= 0) {
                return Judgement.UNCHECKED;
            }
            word = word.substring(0, hyphen);
        }
    }
}
