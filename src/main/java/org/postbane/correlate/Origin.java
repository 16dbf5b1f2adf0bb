package org.postbane.correlate;

import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.QueueId;

/**
 * Who did it, and with which message.
 *
 * @param client the SMTP client that first handed the message in, not a filter or relay in between
 * @param account the SASL login; null if the client did not log in
 * @param sender envelope sender; empty for the null sender, null where it is not known
 * @param queueId the first id that the message had here; null where it never had one
 * @param messageId null where it is not known
 */
public record Origin(
        IpPrefix client,
        @Nullable String account,
        @Nullable String sender,
        @Nullable QueueId queueId,
        @Nullable String messageId) {

    /** A client of which no message is known: it was refused, or failed to log in. */
    public static Origin of(IpPrefix client, @Nullable String account, @Nullable String sender) {
        return new Origin(client, account, sender, null, null);
    }

    /** Mail from a logged-in user: outgoing. */
    public boolean isOutgoing() {
        return account != null;
    }
}
