package org.postbane.model;

import java.util.Locale;

/**
 * Who is judged: a client address or network, an account, or an envelope sender. Written {@code 192.0.2.1}, {@code
 * 2001:db8::/64}, {@code account:bob@example.org} or {@code sender:x@example.net}, in JSON as on the command line.
 */
public sealed interface Subject {

    /** A client: one address, or a network. */
    record Client(IpPrefix prefix) implements Subject {
        @Override
        public String toString() {
            return prefix.toString();
        }
    }

    /** The SASL login that submitted. */
    record Account(String login) implements Subject {
        public Account {
            requireText(login);
        }

        @Override
        public String toString() {
            return "account:" + login;
        }
    }

    /** The envelope sender (RFC 5321 section 3.3: MAIL FROM), lower case. */
    record Sender(String address) implements Subject {
        public Sender {
            requireText(address);
            address = address.toLowerCase(Locale.ROOT);
        }

        @Override
        public String toString() {
            return "sender:" + address;
        }
    }

    /** Reads what {@link Object#toString} writes; the message of the exception says what is wrong with {@code text}. */
    static Subject parse(String text) {
        if (text.startsWith("account:")) {
            return new Account(text.substring("account:".length()));
        }
        if (text.startsWith("sender:")) {
            return new Sender(text.substring("sender:".length()));
        }
        IpPrefix prefix = IpPrefix.parse(text);
        if (prefix == null) {
            throw new IllegalArgumentException(
                    "'" + text
                            + "' is no subject: expected an address, a network without host bits (192.0.2.0/24), account:LOGIN or sender:ADDRESS");
        }
        return new Client(prefix);
    }

    private static void requireText(String text) {
        if (text.isBlank() || text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("a login or sender must not be empty or hold control characters");
        }
    }
}
