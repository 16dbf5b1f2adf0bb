package org.postbane.correlate;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The recipients of one message: as its client named them, as deliveries told of them after alias expansion, and as verdicts
 * listed them; and how many of them are victims.
 */
final class Recipients {

    /** Room for those that are told apart, in characters; some 20,000 of them. Bounds the row in the store. */
    private static final int ROOM = 600_000;

    /** Of messages with more recipients nobody asks which ones were added. */
    private static final int MOST_NAMED = 1000;

    private final Mail mail;

    /** Those that an access table added: no victims, as the client did not name them. */
    private final Set<String> added = new HashSet<>(0);
    /** As the client named them, and those that Postfix added. */
    private @Nullable Set<String> named;
    /** How many of these an access table turned out to have added. */
    private int bccs;
    /** How many of these this host adds to all messages: no victims, unless the session tells that the client named them. */
    private int presumed;
    /** For whom verdicts found it bad, and for whom clean only: with several filter settings it may be both. */
    private @Nullable Set<String> victimNames;

    private @Nullable Set<String> spared;
    /** As delivered to, after alias expansion. */
    private @Nullable Set<String> reached;
    /** Those of verdicts that no delivery has told of yet, after alias expansion. */
    private @Nullable Set<String> awaited;

    private boolean awaitsAll; // the verdict is on all recipients, and names none
    private int victims;
    private int room = ROOM;
    private final Room shared;
    private long taken; // of that

    /** @param room shared with all other messages */
    Recipients(Mail mail, Room room) {
        this.mail = mail;
        this.shared = room;
    }

    /** Whether deliveries have told of all recipients that qmgr spoke of. */
    boolean isDelivered() {
        return mail.queued && reached != null && reached.size() >= mail.recipientsInQueue;
    }

    /** How many recipients the client named, as far as deliveries have told, or else as many as after alias expansion. */
    int count() {
        int known = knownRecipients();
        return isDelivered() ? known : Math.max(mail.recipientsInQueue, known);
    }

    /** Those that deliveries have told of, and that the client named. */
    private int knownRecipients() {
        return named == null ? 0 : named.size() - bccs - presumed;
    }

    /** Those of them that are victims: for others the same message may have been clean. */
    private int knownVictims() {
        int known = knownRecipients();
        if (named != null && spared != null) {
            for (String address : spared) {
                known -= named.contains(address) ? 1 : 0;
            }
        }
        return known;
    }

    /** A verdict found the message clean for these recipients. */
    void spare(List<String> recipients) {
        for (String recipient : recipients) {
            String address = fold(recipient);
            if (!awaitsAll && (victimNames == null || !victimNames.contains(address))) {
                spared = spared == null ? new HashSet<>(4) : spared;
                keep(spared, address);
            }
        }
    }

    /** The verdict was on these recipients (all, where it names none): they are victims. */
    void await(List<String> recipients) {
        if (recipients.isEmpty()) {
            awaitsAll = true;
            spared = null;
            return;
        }
        awaited = awaited == null ? new HashSet<>(4) : awaited;
        victimNames = victimNames == null ? new HashSet<>(4) : victimNames;
        for (String recipient : recipients) {
            String address = fold(recipient);
            keep(victimNames, address);
            if (spared != null) {
                spared.remove(address);
            }
            if ((reached == null || !reached.contains(address)) && !added.contains(recipient)) {
                keep(awaited, address);
            }
        }
    }

    /** A delivery tells that the client named {@code as}, which led to {@code to}. */
    void deliver(String to, String as) {
        if (mail.redirected) {
            return;
        }
        if (named == null) {
            named = new HashSet<>(4);
            reached = named; // one set as long as no alias shows
        }
        if (reached == named && !to.equals(as)) {
            reached = new HashSet<>(named);
        }
        if (!to.equals(as) || !added.contains(to)) {
            keep(named, fold(as));
        }
        String address = fold(to);
        if (reached != null && reached != named) {
            keep(reached, address);
        }
        if (awaited != null) {
            awaited.remove(address);
        }
    }

    /** An access table added this recipient, of which a delivery may have told already. */
    void add(String address) {
        if (added.add(address) && named != null && named.contains(fold(address))) {
            bccs++;
        }
    }

    /** This host adds such addresses to all messages. */
    void presume(AddedRecipients added) {
        int most = 0;
        boolean few = named != null && named.size() <= MOST_NAMED; // it is asked at each delivery
        for (String address : few && named != null ? named : Set.<String>of()) {
            most += added.has(address) ? 1 : 0;
        }
        presumed = Math.max(presumed, Math.min(most, mail.recipientsInQueue - 1));
    }

    /** All its recipients if they are known, and one more than its session tells; else none. */
    Set<String> withOneAdded() {
        boolean told = mail.told > 0 && mail.queued && !mail.redirected && bccs == 0 && isDelivered();
        return told && named != null && named.size() == mail.told + 1 ? named : Set.of();
    }

    /** Whether it was delivered, and to these addresses alone. */
    boolean isOnlyFor(Set<String> addresses) {
        return named != null && !named.isEmpty() && addresses.containsAll(named);
    }

    private void keep(Set<String> addresses, String address) {
        int cost = Room.cost(address.length());
        if (room >= address.length() && shared.has(cost) && addresses.add(address)) {
            room -= address.length() + 4;
            take(cost);
        }
    }

    private void take(long cost) {
        taken += cost;
        shared.take(cost);
    }

    /** The message is done with, and soon forgotten as a whole. */
    void done() {
        shared.take(-taken);
        taken = 0;
    }

    /** Forgets the names, to make room for others'; how many they were is still known by qmgr's count. */
    void forgetNames() {
        done();
        named = null;
        reached = null;
        awaited = null;
        victimNames = null;
        spared = null;
        bccs = 0;
        presumed = 0;
    }

    /**
     * How many victims are newly known. As long as deliveries are awaited, a verdict's recipients after alias expansion are
     * not counted, as they may all be one address to the client; but a message that was judged has one victim at least.
     *
     * @param complete no more deliveries are to be waited for
     * @param counted sessions' sums are known to be of recipients
     */
    int newVictims(boolean complete, boolean counted) {
        int known = knownVictims();
        if (mail.refused) { // no deliveries will tell
            known = mail.told > 0 ? mail.told : complete ? Math.max(listedOnce(), mail.recipientsInQueue) : 0;
        } else if (mail.redirected) {
            known = mail.told > 0 ? mail.told : complete ? listedOnce() : 0;
        } else if (complete) {
            known += awaited == null ? 0 : awaited.size();
            if (awaitsAll && !mail.queued) { // on hold, of which nothing but its session tells
                known = Math.max(known, mail.told > 0 ? mail.told : listedOnce());
            }
            // Exim and Sendmail count what the client named, before aliases
            boolean asCounted = awaitsAll && (known == 0 || !mail.queued || mail.id.isExim() || mail.id.isSendmails());
            known = asCounted ? Math.max(known, inQueue()) : known;
            known = awaitsAll && mail.id.isExim()
                    ? Math.max(known, listedOnce())
                    : known; // two that lead to one have one line
        }
        if (!mail.refused && mail.recipientsInQueue > 0 && known > mail.recipientsInQueue && mail.id.isSendmails()) {
            known = mail.recipientsInQueue; // deliveries do not tell what the client named: the others are members of a
            // list
        }
        if (counted && !mail.refused && mail.told > 0) {
            known = Math.min(
                    known + presumed, mail.told); // the others were added here: always_bcc, or members of a list
        }
        int more = Math.max(1, known) - victims;
        victims += Math.max(0, more);
        return Math.max(0, more);
    }

    /** How many a filter listed, each once. */
    private int listedOnce() {
        return Math.max(new HashSet<>(mail.listed).size(), victimNames == null ? 0 : victimNames.size());
    }

    /** As many as qmgr counted, after aliases, or fewer where others say how many the client named. */
    private int inQueue() {
        if (mail.told > 0) {
            return Math.min(mail.recipientsInQueue, mail.told);
        }
        boolean counted = !mail.listed.isEmpty() && !mail.listedInPart;
        return counted ? Math.min(mail.recipientsInQueue, new HashSet<>(mail.listed).size()) : mail.recipientsInQueue;
    }

    /** Its recipients as far as they are known: as the client named them, else as the verdict did. Read at once. */
    Collection<String> names() {
        if (named != null && !named.isEmpty()) {
            return Collections.unmodifiableSet(named);
        }
        return awaited == null ? List.of() : Collections.unmodifiableSet(awaited);
    }

    boolean awaitsDeliveries() {
        return !mail.refused && (awaitsAll || awaited != null && !awaited.isEmpty());
    }

    /** In the store's row of the message. */
    void write(RowWriter row) {
        row.texts(added);
        row.texts(named);
        row.number(bccs);
        row.number(presumed);
        row.texts(victimNames);
        row.texts(spared);
        row.texts(reached == named ? null : reached);
        row.texts(awaited);
        row.flag(awaitsAll);
        row.number(victims);
    }

    void read(RowReader row) {
        added.addAll(Objects.requireNonNull(row.texts()));
        named = row.texts();
        bccs = (int) row.number();
        presumed = (int) row.number();
        victimNames = row.texts();
        spared = row.texts();
        Set<String> others = row.texts();
        reached = others == null ? named : others;
        awaited = row.texts();
        awaitsAll = row.flag();
        victims = (int) row.number();
        for (Set<String> names : Arrays.asList(named, victimNames, spared, others, awaited)) {
            for (String name : names == null ? Set.<String>of() : names) {
                take(Room.cost(name.length()));
            }
        }
    }

    /** An address as it is compared: domains have no case (RFC 5321, section 2.4), and hardly any local part has. */
    static String fold(String address) {
        for (int i = 0; i < address.length(); i++) {
            char c = address.charAt(i);
            if (c >= 'A' && c <= 'Z' || c >= 128) {
                return address.toLowerCase(Locale.ROOT);
            }
        }
        return address; // as most are
    }
}
