package org.postbane.testing;

import java.util.Map;
import java.util.Set;
import org.postbane.model.Judgement;
import org.postbane.parse.MailFilter;

/** The mail filter as {@code filters/mail.conf} has it. */
public final class Filters {

    public static final MailFilter MAIL = new MailFilter(
            Set.of(
                    "smtpd",
                    "cleanup",
                    "qmgr",
                    "smtp",
                    "lmtp",
                    "local",
                    "virtual",
                    "pipe",
                    "discard",
                    "error",
                    "pickup",
                    "postscreen",
                    "dnsblog",
                    "tlsproxy",
                    "anvil",
                    "bounce",
                    "master",
                    "postfix-script"),
            Set.of("amavis", "amavisd"),
            Set.of("spamd"),
            Set.of("dovecot"),
            Map.of(
                    "CLEAN", Judgement.CLEAN,
                    "BAD-HEADER", Judgement.CLEAN,
                    "OVERSIZED", Judgement.CLEAN,
                    "SPAM", Judgement.SPAM,
                    "SPAMMY", Judgement.SPAM,
                    "INFECTED", Judgement.VIRUS,
                    "BANNED", Judgement.BANNED,
                    "UNCHECKED", Judgement.UNCHECKED,
                    "MTA-BLOCKED", Judgement.TEMPORARY,
                    "TEMPFAIL", Judgement.TEMPORARY),
            Map.of(
                    MailFilter.EXIM, Set.of("exim", "exim4"),
                    MailFilter.SENDMAIL, Set.of("sendmail", "sm-mta", "sm-msp-queue"),
                    MailFilter.OPENSMTPD, Set.of("smtpd")));

    private Filters() {}
}
