package org.postbane.correlate;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Learns which recipients Postfix adds by itself: always_bcc, sender_bcc_maps, recipient_bcc_maps. Their deliveries look like any
 * other; but of a session with one message smtpd tells in the end how many recipients it accepted ({@code rcpt=1}), and then the
 * deliveries are one too many, each time that such an address is among them. One session proves nothing, as logs have other
 * numbers too, of milters that add recipients for instance: the address must have done it {@value #ENOUGH} times, and sessions
 * with several too many must be rare. Until then it counts as a recipient.
 *
 * <p>Memory: {@value #MOST} addresses; the oldest go where there are too many.
 */
final class AutoBcc {

    private static final int MOST = 1000;
    private static final int ENOUGH = 3;
    /** What an address can be ahead, so that it is unlearned when the setting goes. */
    private static final int SUREST = 12;
    /** Each message that was addressed to it and to nobody too many. */
    private static final int LOSS = 2;
    /** Longer lists tell nothing of one address. */
    private static final int MOST_RECIPIENTS = 50;
    /** Where sessions with several too many are more than this share of those with one, the numbers mean something else. */
    private static final int RARE = 4;
    /** So many sessions weigh, the last half twice as much. */
    private static final int SESSIONS = 1000;

    private final Map<String, Integer> ahead = new LinkedHashMap<>();
    private int byOne;
    private int byMore;
    private boolean changed;

    /** Whether Postfix, not the client, named this recipient. */
    boolean isAdded(String address) {
        return !ahead.isEmpty() && isPlausible() && ahead.getOrDefault(address, 0) >= ENOUGH;
    }

    /**
     * A message whose session had no other, and that was delivered.
     *
     * @param recipients to whom, as the client named them or Postfix added them
     * @param accepted RCPT commands, at least 1
     */
    void learn(Set<String> recipients, int accepted) {
        int tooMany = recipients.size() - accepted;
        if (tooMany <= 0 && ahead.isEmpty()) {
            return;
        }
        changed = true;
        if (tooMany > 1) {
            byMore++;
        } else if (tooMany == 1) {
            byOne++;
        }
        if (byOne + byMore > SESSIONS) {
            byOne /= 2;
            byMore /= 2;
        }
        if (!isPlausible()) {
            ahead.clear();
        } else if (tooMany <= 1 && recipients.size() <= MOST_RECIPIENTS) {
            recipients.forEach(tooMany == 1 ? this::gain : this::lose);
        }
    }

    private boolean isPlausible() {
        return byMore * RARE <= byOne;
    }

    private void gain(String address) {
        Integer known = ahead.remove(address);
        if (ahead.size() >= MOST) {
            ahead.remove(ahead.keySet().iterator().next());
        }
        ahead.put(address, known == null ? 1 : Math.min(SUREST, known + 1));
    }

    private void lose(String address) {
        ahead.computeIfPresent(address, (key, known) -> known > LOSS ? known - LOSS : null);
    }

    /** Whether something changed since this was asked last. */
    boolean takeChanged() {
        boolean was = changed;
        changed = false;
        return was;
    }

    byte[] toRow() {
        RowWriter row = new RowWriter();
        row.number(byOne);
        row.number(byMore);
        row.number(ahead.size());
        ahead.forEach((address, times) -> {
            row.text(address);
            row.number(times);
        });
        return row.toBytes();
    }

    void restore(RowReader row) {
        byOne = (int) row.number();
        byMore = (int) row.number();
        for (long left = row.number(); left > 0; left--) {
            ahead.put(row.someText(), (int) row.number());
        }
    }
}
