package org.postbane.model;

/**
 * Kinds of refusal, told apart by what the server says. Sources: {@code src/smtpd/smtpd_check.c} and {@code
 * src/postscreen/postscreen_early.c} in Postfix; {@code src/verify.c}, {@code src/smtp_in.c} and {@code
 * src/configure.default} in Exim; {@code cf/m4/proto.m4} in Sendmail.
 *
 * <p>The text is {@code 550 5.1.1 <r>: Recipient address rejected: User unknown in local recipient table}: code, enhanced code,
 * what was refused, and why. What was refused is the client's text and is skipped; only what follows it is looked at.
 */
public enum RejectKind {
    /** No such recipient here. */
    UNKNOWN_USER,
    /** The client wanted this host to pass mail on. */
    RELAY,
    /** A DNS list has the client, its sender or its HELO name. */
    DNSBL,
    /** The HELO name is none. */
    HELO,
    /** The sender's domain does not exist, or the sender is no address. */
    SENDER,
    /** The sender belongs to another login than the one used, or to one that must be used. */
    LOGIN_MISMATCH,
    /** An access table or a policy service said no. */
    ACCESS,
    /** The sender's own domain says that the mail is not from there: SPF, DKIM or DMARC. Mailing lists and forwarders meet it, too. */
    POLICY,
    /** The client did not wait for its turn, or its message has not the form that mail has. */
    PROTOCOL,
    /** Anything else. */
    OTHER;

    private static final String SENDER_REJECTED = "Sender address rejected: ";
    private static final String RECIPIENT_REJECTED = "Recipient address rejected: ";

    /** The kind of a refusal with this text, whatever its code. */
    public static RejectKind of(String reason) {
        int at = afterCode(reason, 0);
        boolean noSuchUser = reason.startsWith("5.1.1 ", at);
        if (isOfDomainPolicy(reason, at)) {
            return POLICY;
        }
        at = afterSubject(reason, afterEnhancedCode(reason, at));
        if (reason.startsWith(RECIPIENT_REJECTED, at)) {
            return noSuchUser || reason.startsWith("User unknown", at + RECIPIENT_REJECTED.length())
                    ? UNKNOWN_USER
                    : ofAddress(reason, at + RECIPIENT_REJECTED.length(), OTHER);
        }
        if (reason.startsWith("Relay access denied", at)) {
            return RELAY;
        }
        if (reason.startsWith("Service unavailable; ", at)) {
            return reason.indexOf("blocked using ", at) >= 0 ? DNSBL : OTHER;
        }
        if (reason.startsWith("Helo command rejected: ", at)) {
            return HELO;
        }
        if (reason.startsWith(SENDER_REJECTED, at)) {
            int why = at + SENDER_REJECTED.length();
            boolean login = reason.startsWith("not owned by user", why) || reason.startsWith("not logged in", why);
            return login ? LOGIN_MISMATCH : ofAddress(reason, why, SENDER);
        }
        if (reason.startsWith("Client host rejected: ", at)
                || reason.startsWith("Data command rejected: ", at)
                || reason.startsWith("End-of-data rejected: ", at)) {
            return reason.contains("Improper use of SMTP command pipelining") ? PROTOCOL : ACCESS;
        }
        if (reason.startsWith("Command rejected: ", at)) {
            return ACCESS;
        }
        boolean protocol = reason.startsWith("Protocol error", at)
                || reason.startsWith("bare <LF> received", at)
                || reason.equals("mime-error");
        return protocol ? PROTOCOL : ofOthers(reason, at);
    }

    /**
     * By the codes of RFC 7372, section 3, but for reverse names; or in the words of {@code opendmarc/opendmarc.c}, {@code
     * opendkim/opendkim.c} and rspamd's {@code plugins/lua/dmarc.lua}.
     */
    private static boolean isOfDomainPolicy(String reason, int from) {
        if (reason.startsWith("5.7.2", from) && from + 6 < reason.length() && reason.charAt(from + 6) == ' ') {
            return "012346".indexOf(reason.charAt(from + 5)) >= 0;
        }
        int at = afterEnhancedCode(reason, from);
        return reason.startsWith("rejected by DMARC policy for ", at)
                || reason.startsWith("Action set by DMARC", at)
                || reason.startsWith("bad DKIM signature data", at)
                || reason.startsWith("no DKIM signature data", at)
                || reason.startsWith("DKIM signature syntax error", at);
    }

    /** In Exim's words, which come without a code, and Sendmail's, which stand after {@code <r>... }. */
    private static RejectKind ofOthers(String reason, int from) {
        int dots = reason.startsWith("<", from) ? reason.lastIndexOf(">... ") : -1;
        int at = dots < from ? from : dots + 5;
        if (reason.startsWith("relay not permitted", at) || reason.startsWith("Relaying denied", at)) {
            return RELAY;
        }
        if (reason.startsWith("Sender verify failed", at) || reason.startsWith("Domain of sender address ", at)) {
            return SENDER;
        }
        if (reason.startsWith("Unrouteable address", at) || reason.startsWith("User unknown", at)) {
            return UNKNOWN_USER;
        }
        if (reason.startsWith("rejected because ", at) && reason.contains(" is in a black list at ")) {
            return DNSBL;
        }
        return reason.startsWith("syntactically invalid argument(s)", at) ? HELO : OTHER;
    }

    /** {@code bad} where the address itself is at fault, else someone's decision. */
    private static RejectKind ofAddress(String reason, int why, RejectKind bad) {
        boolean fault = reason.startsWith("Domain not found", why)
                || reason.startsWith("need fully-qualified address", why)
                || reason.startsWith("Malformed DNS server reply", why)
                || reason.startsWith("Domain of ", why)
                || reason.startsWith("undeliverable address", why)
                || reason.startsWith("unverified address", why)
                || reason.startsWith("Does not resolve to address", why);
        return fault ? bad : ACCESS;
    }

    private static int afterCode(String text, int from) {
        return text.length() > from + 4 && digits(text, from, from + 3) && text.charAt(from + 3) == ' '
                ? from + 4
                : from;
    }

    /** {@code 5.7.1 }. */
    private static int afterEnhancedCode(String text, int from) {
        int i = from;
        while (i < text.length() && (text.charAt(i) == '.' || Character.isDigit(text.charAt(i)))) {
            i++;
        }
        return i > from && i < text.length() && text.charAt(i) == ' ' ? i + 1 : from;
    }

    /** {@code <r>: }, quotes in mind, or {@code name[address]: }. */
    private static int afterSubject(String text, int from) {
        if (from < text.length() && text.charAt(from) == '<') {
            boolean quoted = false;
            int first = -1;
            for (int i = from + 1; i < text.length(); i++) {
                char c = text.charAt(i);
                if (c == '\\' && quoted) {
                    i++;
                } else if (c == '"') {
                    quoted = !quoted;
                } else if (c == '>' && text.startsWith(">: ", i)) {
                    if (!quoted) {
                        return i + 3;
                    }
                    first = first < 0 ? i + 3 : first;
                }
            }
            return first < 0 ? from : first;
        }
        int close = text.indexOf("]: ", from);
        int blank = text.indexOf(' ', from);
        return close >= 0 && blank == close + 2 ? close + 3 : from;
    }

    private static boolean digits(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }
}
