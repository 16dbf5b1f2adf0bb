package org.postbane.correlate;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
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
    /** Somebody has asked for a Message-ID. Until then none is looked up, and most logs have no line that makes anybody ask. */
    private boolean asked;

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
        mail.lastMessageId = header;
        if (asked) {
            index(mail);
        }
    }

    private void index(Mail mail) {
        String key = mail.messageIdKey();
        if (key != null) {
            restoreIndex(mail, key);
        }
    }

    /** Finds {@code mail}, read back from the store, by this key again. */
    void restoreIndex(Mail mail, String key) {
        mail.indexed = key;
        mail.nextOfMessageId = byMessageId.put(key, mail);
        if (mail.nextOfMessageId != null) {
            mail.nextOfMessageId.previousOfMessageId = mail;
        }
    }

    private void unindex(Mail mail) {
        String key = mail.indexed;
        if (key == null) {
            return;
        }
        Mail next = mail.nextOfMessageId;
        if (next != null) {
            next.previousOfMessageId = mail.previousOfMessageId;
        }
        if (mail.previousOfMessageId != null) {
            mail.previousOfMessageId.nextOfMessageId = next;
        } else if (next != null) {
            byMessageId.put(key, next);
        } else {
            byMessageId.remove(key);
        }
        mail.previousOfMessageId = null;
        mail.indexed = null;
        mail.nextOfMessageId = null;
    }

    /** The youngest message with this Message-ID, as spamd prints it; the others follow by {@link Mail#nextOfMessageId}. */
    @Nullable
    Mail withMessageId(String printed) {
        if (!asked) {
            asked = true;
            byId.values().stream().filter(mail -> mail.indexed == null).forEach(this::index);
        }
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
