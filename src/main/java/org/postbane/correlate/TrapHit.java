package org.postbane.correlate;

import java.time.Instant;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;

/**
 * A message to a trap that had no queue id yet when it was seen ({@code NOQUEUE}). The next lines of the same connection may
 * be about the same message, which is not to count twice.
 *
 * @param sender null where the line does not say
 * @param recipients that this message was refused or matched for so far: the same one again means another message
 */
record TrapHit(Instant at, IpPrefix client, @Nullable String sender, Set<String> recipients) {

    private static final int MOST_RECIPIENTS = 1000;

    static TrapHit of(Instant at, IpPrefix client, @Nullable String sender, String recipient) {
        Set<String> recipients = new HashSet<>();
        recipients.add(recipient);
        return new TrapHit(at, client, sender, recipients);
    }

    /** Whether a hit on {@code recipient} is one more recipient of this message; if so, remembers it. */
    boolean covers(IpPrefix other, @Nullable String otherSender, String recipient) {
        return isFrom(other, otherSender) && recipients.size() < MOST_RECIPIENTS && recipients.add(recipient);
    }

    boolean isFrom(@Nullable IpPrefix other, @Nullable String otherSender) {
        return client.equals(other) && (sender == null || otherSender == null || sender.equals(otherSender));
    }

    void write(RowWriter row) {
        row.time(at);
        row.address(client);
        row.text(sender);
        row.texts(recipients);
    }

    static TrapHit read(RowReader row) {
        return new TrapHit(
                Objects.requireNonNull(row.time()),
                Objects.requireNonNull(row.address()),
                row.text(),
                Objects.requireNonNull(row.texts()));
    }
}
