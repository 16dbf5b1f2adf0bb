package org.postbane.correlate;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;

/**
 * Addresses that this host adds to all messages ({@code always_bcc}), as messages have shown that had one recipient more than their
 * sessions tell: the one that those of several clients have in common. Of messages whose session tells nothing, these are no victims.
 *
 * <p>Memory: {@link #MOST} addresses.
 */
final class AddedRecipients extends Remembered {

    private static final int MOST = 16;
    /** Of a message with more recipients, none is learned. */
    private static final int MOST_CANDIDATES = 64;

    private final Set<String> known = new HashSet<>();
    /** One of these was added to the messages that were looked at; empty if that begins anew. */
    private final Set<String> candidates = new HashSet<>();

    private @Nullable IpPrefix client;

    boolean isEmpty() {
        return known.isEmpty();
    }

    /** @param address in lower case */
    boolean has(String address) {
        return known.contains(address);
    }

    /** The client has named all of these addresses but one. */
    void learn(Set<String> addresses, IpPrefix of) {
        if (known.size() >= MOST
                || addresses.size() > MOST_CANDIDATES
                || addresses.stream().anyMatch(known::contains)) {
            return;
        }
        changed = true;
        boolean others = client != null && !of.equals(client);
        candidates.retainAll(addresses);
        if (candidates.isEmpty()) {
            candidates.addAll(addresses);
            client = of;
        } else if (others && candidates.size() == 1) {
            known.addAll(candidates);
            candidates.clear();
            client = null;
        }
    }

    void write(RowWriter row) {
        row.texts(known);
        row.texts(candidates);
        row.address(client);
    }

    void read(RowReader row) {
        known.addAll(Objects.requireNonNull(row.texts()));
        candidates.addAll(Objects.requireNonNull(row.texts()));
        client = row.address();
    }
}
