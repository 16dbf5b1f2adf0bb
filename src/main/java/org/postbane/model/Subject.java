package org.postbane.model;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Who is judged: a client address or network, an account, or an envelope sender. Written {@code 192.0.2.1}, {@code
 * 2001:db8::/64}, {@code account:bob@example.org} or {@code sender:x@example.net}, in JSON as on the command line.
 *
 * <p>Each kind is comparable with itself: strangers choose senders and addresses, and may choose them so that their hashes
 * are all the same; {@link java.util.HashMap} then falls back on their order. Each says itself when two are equal, as they are
 * asked for each deed: what a record does by itself is slow, until compiled at great cost.
 */
public sealed interface Subject {

    /** Longest login or sender in characters: RFC 5321's 64 for the local part, "@", 255 for the domain. */
    int MAX_TEXT = 320;

    /** A client: one address, or a network. */
    record Client(IpPrefix prefix) implements Subject, Comparable<Client> {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Client client && client.prefix.equals(prefix);
        }

        @Override
        public int hashCode() {
            return prefix.hashCode();
        }

        @Override
        public int compareTo(Client other) {
            return prefix.compareTo(other.prefix);
        }

        @Override
        public String toString() {
            return prefix.toString();
        }
    }

    /** The SASL login that submitted. */
    record Account(String login) implements Subject, Comparable<Account> {
        public Account {
            requireText(login);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Account account && account.login.equals(login);
        }

        @Override
        public int hashCode() {
            return login.hashCode();
        }

        @Override
        public int compareTo(Account other) {
            return login.compareTo(other.login);
        }

        @Override
        public String toString() {
            return "account:" + login;
        }
    }

    /** The envelope sender (RFC 5321 section 3.3: MAIL FROM), lower case. */
    record Sender(String address) implements Subject, Comparable<Sender> {
        public Sender {
            address = address.toLowerCase(Locale.ROOT);
            requireText(address);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Sender sender && sender.address.equals(address);
        }

        @Override
        public int hashCode() {
            return address.hashCode();
        }

        @Override
        public int compareTo(Sender other) {
            return address.compareTo(other.address);
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

    /** The account of this login; null where the text can be none: empty, too long, with control characters. */
    static @Nullable Subject ofAccount(String login) {
        return isText(login) ? new Account(login) : null;
    }

    /** The sender of this address; null where the text can be none, as the null sender. */
    static @Nullable Subject ofSender(String address) {
        return isText(address.toLowerCase(Locale.ROOT)) ? new Sender(address) : null;
    }

    private static boolean isText(String text) {
        if (text.length() > MAX_TEXT || text.isBlank()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static void requireText(String text) {
        if (!isText(text)) {
            throw new IllegalArgumentException(
                    "a login or sender must have 1 to %d characters and no control characters".formatted(MAX_TEXT));
        }
    }
}
