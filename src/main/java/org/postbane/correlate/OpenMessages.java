package org.postbane.correlate;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postbane.model.QueueId;

/**
 * The messages that are not done with, by queue id and by Message-ID, oldest first. A queue id names one message at a
 * time; a Message-ID, which strangers choose, any number.
 */
final class OpenMessages {

    private final Map<QueueId, Mail> byId = new LinkedHashMap<>();
    /** Youngest first, in a chain through {@link Mail#nextOfMessageId}. Keys as spamd prints them. */
    private final Map<String, Mail> byMessageId = new HashMap<>();

    @Nullable
    Mail find(QueueId id) {
        return byId.get(id);
    }

    /** Adds a message with a queue id that no open one has. */
    void add(Mail mail) {
        if (byId.putIfAbsent(mail.id, mail) != null) {
            throw new IllegalStateException(mail.id + " is open already");
        }
    }

    void remove(Mail mail) {
        byId.remove(mail.id, mail);
        unindex(mail);
    }

    /**
     * A Message-ID header of {@code mail}. cleanup logs every one; spamd takes the last, so the last is the one that the
     * message is found by.
     */
    void addMessageId(Mail mail, String header) {
        mail.messageId = mail.messageId == null ? header : mail.messageId;
        unindex(mail);
        String key = MessageIds.asSpamdPrints(header);
        if (key != null) {
            mail.indexed = key;
            mail.nextOfMessageId = byMessageId.put(key, mail);
        }
    }

    /** Finds {@code mail}, read back from the store, by this key again. */
    void restoreIndex(Mail mail, String key) {
        mail.indexed = key;
        mail.nextOfMessageId = byMessageId.put(key, mail);
    }

    private void unindex(Mail mail) {
        String key = mail.indexed;
        if (key == null) {
            return;
        }
        Mail before = byMessageId.get(key);
        if (before != mail) {
            while (before != null && before.nextOfMessageId != mail) {
                before = before.nextOfMessageId;
            }
            Objects.requireNonNull(before).nextOfMessageId = mail.nextOfMessageId;
        } else if (mail.nextOfMessageId == null) {
            byMessageId.remove(key);
        } else {
            byMessageId.put(key, mail.nextOfMessageId);
        }
        mail.indexed = null;
        mail.nextOfMessageId = null;
    }

    /** The youngest message with this Message-ID, as spamd prints it; the others follow by {@link Mail#nextOfMessageId}. */
    @Nullable
    Mail withMessageId(String printed) {
        return byMessageId.get(printed);
    }

    int size() {
        return byId.size();
    }

    /** Oldest first. */
    Iterator<Mail> iterator() {
        return byId.values().iterator();
    }
}
