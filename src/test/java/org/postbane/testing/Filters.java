package org.postbane.testing;

import java.util.Map;
import java.util.Set;
import org.postbane.model.Judgement;
import org.postbane.parse.MailFilter;
import org.postbane.parse.Software;

/** The mail filter as {@code filters/mail.conf} has it. */
public final class Filters {

    public static final MailFilter MAIL = new MailFilter(
            Map.of(
                    Software.POSTFIX,
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
                    Software.AMAVIS, Set.of("amavis", "amavisd"),
                    Software.SPAMD, Set.of("spamd", "spampd"),
                    Software.RSPAMD, Set.of("rspamd"),
                    Software.CLAMAV_MILTER, Set.of("clamav-milter"),
                    Software.DOVECOT, Set.of("dovecot"),
                    Software.EXIM, Set.of("exim", "exim4"),
                    Software.SENDMAIL, Set.of("sendmail", "sm-mta", "sm-msp-queue"),
                    Software.OPENSMTPD, Set.of("smtpd")),
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
                    "TEMPFAIL", Judgement.TEMPORARY));

    private Filters() {}
}
