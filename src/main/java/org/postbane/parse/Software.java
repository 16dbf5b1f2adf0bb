package org.postbane.parse;

import java.util.Locale;

/** Programs whose lines are understood. Which names they log under says the filter. */
public enum Software {
    POSTFIX,
    AMAVIS,
    SPAMD,
    RSPAMD,
    CLAMAV_MILTER,
    DOVECOT,
    EXIM,
    SENDMAIL,
    OPENSMTPD;

    /** As in {@code filters/mail.conf}: {@code clamav-milter}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
