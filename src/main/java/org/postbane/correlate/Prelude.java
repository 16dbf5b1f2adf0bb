package org.postbane.correlate;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;

/**
 * What smtpd said of a message before it had a queue id ({@code NOQUEUE}: no recipient was accepted yet). The next lines of
 * the same connection may be about the same message, so that a trap hit must not count twice.
 */
final class Prelude {

    private static final int MOST_ADDRESSES = 1000;

    private final IpPrefix client;
    private final @Nullable String sender;
    /** Traps that the message was addressed to: the same one again means another message. */
    private final Set<String> traps;
    /** Recipients that an access table added. */
    private final Set<String> added;
    /** The trap whose command another line may tell of. */
    @Nullable
    String unanswered;
    /** An access table names another recipient for all of them. */
    boolean redirects;

    private Prelude(IpPrefix client, @Nullable String sender, Set<String> traps, Set<String> added) {
        this.client = client;
        this.sender = sender;
        this.traps = traps;
        this.added = added;
    }

    /** @param sender null where the line does not say */
    static Prelude of(IpPrefix client, @Nullable String sender) {
        return new Prelude(client, sender, new HashSet<>(2), new HashSet<>(2));
    }

    /** Whether a message of this client and sender can be the one that this is about. */
    boolean fits(@Nullable IpPrefix other, @Nullable String otherSender) {
        return client.equals(other) && (sender == null || otherSender == null || sender.equals(otherSender));
    }

    boolean isTrapped() {
        return !traps.isEmpty();
    }

    /** One more trap that the message was addressed to; false if it was already, or if there are too many. */
    boolean addTrap(String address) {
        return traps.size() < MOST_ADDRESSES && traps.add(address);
    }

    void addRecipient(String address) {
        if (added.size() < MOST_ADDRESSES) {
            added.add(address);
        }
    }

    Set<String> added() {
        return added;
    }

    void write(RowWriter row) {
        row.address(client);
        row.text(sender);
        row.texts(traps);
        row.texts(added);
        row.flag(redirects);
        row.text(unanswered);
    }

    static Prelude read(RowReader row) {
        Prelude prelude = new Prelude(
                Objects.requireNonNull(row.address()),
                row.text(),
                Objects.requireNonNull(row.texts()),
                Objects.requireNonNull(row.texts()));
        prelude.redirects = row.flag();
        prelude.unanswered = row.text();
        return prelude;
    }
}
