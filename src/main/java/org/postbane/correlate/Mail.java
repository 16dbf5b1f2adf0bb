package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Deed.Trial;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.parse.LogEvent.Listed;

/**
 * What is known of one queue id: a message that a client handed in, or that came back from a filter. Facts are added in
 * whatever order the lines come.
 */
final class Mail {

    /** Room for recipients that are told apart, in characters; some 20,000 of them. Bounds the row in the store. */
    private static final int ROOM = 600_000;

    /** qmgr's line after a delivery that is older than this begins another try; lines may have changed places. */
    private static final Duration RETRY = Duration.ofSeconds(2);

    static final String NULL_SENDER = "";

    /** Of a message that never had a queue id. */
    /** Of messages with more recipients nobody asks which ones were added. */
    private static final int MOST_NAMED = 1000;

    static final QueueId NO_ID = new QueueId(0, 0);

    /** Tells this message from every other, as queue ids are used again. */
    final long serial;

    final QueueId id;
    final Instant since;

    /** Who connected; null until {@code client=} is seen, and for mail that no client handed in. */
    @Nullable
    IpPrefix peer;
    /** Who is to answer for it: the peer, or whom a trusted relay named by XFORWARD. */
    @Nullable
    IpPrefix client;

    @Nullable
    String account;

    @Nullable
    String sender;

    @Nullable
    String messageId;
    /** The last Message-ID header, by which it is found. */
    @Nullable
    String lastMessageId;
    /** The key under which {@link OpenMessages} finds this message by Message-ID, and the next older one with the same key. */
    @Nullable
    String indexed;

    @Nullable
    Mail nextOfMessageId;

    @Nullable
    Mail previousOfMessageId;

    /** The message that this one is the filter's output of. */
    @Nullable
    Mail parent;
    /** Messages that are the filter's output of this one and still open. */
    int children;
    /** Verdicts that cannot be applied until it is known who handed the message in. */
    final List<Pending> pending = new ArrayList<>(0);
    /** What header or body checks said of what a filter made of it: counts where the filter itself does not say how bad it is. */
    @Nullable
    Pending checked;
    /** Verdicts on it of which it is unknown until its sender is whether a stranger wrote them. */
    List<Pending> doubtful = List.of();
    /** What a filter said that may have been about this message, or about another one, so that it was not believed. */
    @Nullable
    Judgement doubted;
    /** A filter has told of it by a line of its own, not only refused it. */
    boolean hasVerdict;
    /** A trap that it was addressed to, likewise kept. */
    @Nullable
    String pendingTrap;
    /** The client named it, for certain. */
    boolean pendingTrapNamed;
    /** What was said of it before it got its queue id, as long as it is not certain that it is about this message. */
    @Nullable
    Prelude prelude;
    /** A local user or a pipe filter dropped it: no client handed it in. */
    boolean pickedUp;
    /** In bytes, as it came in; 0 while it is not known. */
    long size;
    /** Recipients that an access table added: no victims, as the client did not name them. */
    private final Set<String> added = new HashSet<>(0);
    /** Its queue id is free for others; kept for the sake of its children only. */
    boolean dropped;
    /** Nothing of it is to be saved any more. */
    boolean forgotten;
    /** The session that it was handed in in, until that has told how many recipients it had. */
    @Nullable
    Connection connection;
    /** Its session, which had no other message, shows that sums are of recipients, as they are more than messages. */
    boolean showsSum;
    /** How many recipients the client named, doubles included, as the session's sum tells; 0 if it does not. */
    int told;
    /** It never got to the queue: a milter or a filter before the queue refused or swallowed it. */
    boolean refused;
    /** The id of the process that told so, in Postfix cleanup; 0 if it has none, or nobody did. */
    int refuser;
    /** Postfix delivers it to another address than the client named. */
    boolean redirected;
    /** It was refused, not thrown away. */
    boolean answered;
    /** It was refused by a milter that gave no words. */
    boolean wordless;
    /** It is to be put on hold, unless it is refused after all. */
    boolean onHold;
    /** Its queue id is free for others; kept until its session tells how many recipients it had. */
    boolean held;
    /** It is held by nothing but what the filter has yet to tell. */
    boolean sessionOver;
    /** A verdict on it is kept until it is known which message it is the filter's output of. */
    boolean awaitsLink;
    /** Recipients as the client named them, as a milter lists them; empty if none does. Could be another text of the client's. */
    List<String> listed = List.of();
    /** There are more. */
    boolean listedInPart;
    /** Until when deliveries that tell of a verdict's recipients are waited for; null if they are not. */
    @Nullable
    Instant awaitsUntil;
    /** All that will be said of it was said. */
    boolean settled;

    /** qmgr has it: it was accepted. */
    boolean queued;

    int recipientsInQueue;

    @Nullable
    Instant closed;
    /** When qmgr took it up last. */
    @Nullable
    Instant activeAt;
    /** When since then a delivery of it was tried, first and last, or it was refused or done with. */
    @Nullable
    Instant firstLeftAt;

    @Nullable
    Instant leftAt;
    /** That was its milter, as its session went on. */
    boolean leftMilter;

    /** When commands of delivery agents had it, since somebody asked. */
    List<Run> runs = List.of();
    /** A filter handed it in that had given its verdict on another message with its Message-ID just before. */
    boolean output;

    private @Nullable Judgement judgement;
    private boolean trapped;
    /** What it was counted as: SPAM, HAM, or nothing yet (UNCHANGED). */
    private Trial trial = Trial.UNCHANGED;
    /** Recipients as the client named them, and those that Postfix added. */
    private @Nullable Set<String> named;
    /** How many of these an access table turned out to have added. */
    private int bccs;
    /** How many of these this host adds to all messages: no victims, unless the session tells that the client named them. */
    private int presumed;
    /** For whom verdicts found it bad, and for whom clean only: with several filter settings it may be both. */
    private @Nullable Set<String> victimNames;

    private @Nullable Set<String> spared;
    /** Recipients as delivered to, after alias expansion. */
    private @Nullable Set<String> reached;
    /** Recipients of verdicts that no delivery has told of yet, after alias expansion. */
    private @Nullable Set<String> awaited;

    private boolean awaitsAll; // the verdict is on all recipients, and names none
    private int victims;
    private int room = ROOM;

    Mail(long serial, QueueId id, Instant since) {
        this.serial = serial;
        this.id = id;
        this.since = since;
    }

    /** The message as the client handed it in: this one, or the one that the filter made it of. */
    Mail root() {
        Mail mail = this;
        for (int depth = 0; mail.parent != null && depth < 8; depth++) {
            mail = mail.parent;
        }
        return mail;
    }

    /** A verdict that may be a stranger's text. */
    void doubt(Pending verdict) {
        if (doubtful.isEmpty()) {
            doubtful = new ArrayList<>(); // few messages have any
        }
        doubtful.add(verdict);
    }

    /** Takes the verdict that its sender, now known, tells to be the filter's; null if there is none. */
    @Nullable
    Pending takeBelieved() {
        if (sender == null || doubtful.isEmpty()) {
            return null;
        }
        String letters = letters(sender);
        Pending believed = null;
        for (Pending each : doubtful) {
            believed = each.sender() != null && letters(each.sender()).equals(letters) ? each : believed;
        }
        doubtful = List.of();
        return believed;
    }

    /** What is left of an address where programs quote it differently. */
    static String letters(String address) {
        StringBuilder text = new StringBuilder(address.length());
        for (int i = 0; i < address.length(); i++) {
            char c = address.charAt(i);
            if (c < 128 && Character.isLetterOrDigit(c)) {
                text.append(Character.toLowerCase(c));
            }
        }
        return text.toString();
    }

    /** qmgr has taken it up. */
    void active(Instant at) {
        activeAt = at;
        if (leftMilter || leftAt != null && leftAt.plus(RETRY).isBefore(at)) {
            leftMilter = false;
            firstLeftAt = null;
            leftAt = null;
        }
    }

    /** A delivery of it was tried, or it is over. */
    void left(Instant at) {
        firstLeftAt = firstLeftAt == null ? at : firstLeftAt;
        leftAt = at;
        leftMilter = false;
    }

    /** Whether it is known which stranger handed it in. Mail from loopback may turn out to be a filter's output. */
    boolean isAnswerable() {
        return client != null && !client.isLoopback();
    }

    /** This host handed it in: a filter, or a user of it. */
    boolean isFromHere() {
        return peer != null && peer.isLoopback();
    }

    Origin origin() {
        if (client == null) {
            throw new IllegalStateException("nobody is known to have sent " + id);
        }
        return new Origin(client, account, sender, id.equals(NO_ID) ? null : id, messageId);
    }

    /** Judged, and not clean. */
    boolean isBad() {
        return judgement != null && judgement != Judgement.CLEAN;
    }

    /** With malware or a forbidden attachment: whether it is spam, too, was not looked at. */
    boolean isBadButNoSpam() {
        return judgement == Judgement.VIRUS || judgement == Judgement.BANNED;
    }

    /** Whether the client was told that it is accepted. */
    boolean isAccepted() {
        return queued || (refused ? !answered : onHold && messageId != null);
    }

    /** Whether deliveries have told of all recipients that qmgr spoke of. */
    boolean isDelivered() {
        return queued && reached != null && reached.size() >= recipientsInQueue;
    }

    /** How many recipients the client named, as far as deliveries have told, or else as many as after alias expansion. */
    int recipients() {
        int known = knownRecipients();
        return isDelivered() ? known : Math.max(recipientsInQueue, known);
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

    boolean isJudged() {
        return judgement != null;
    }

    @Nullable
    Judgement judgement() {
        return judgement;
    }

    boolean isTrapped() {
        return trapped;
    }

    /** Whether {@code worse} says something new and worse than what the message counts as. */
    boolean isWorse(Judgement worse) {
        return judgement == null || judgement == Judgement.CLEAN && worse != Judgement.CLEAN;
    }

    /** The message counts as {@code now}; what that changes as a trial. */
    Trial judge(Judgement now) {
        judgement = now;
        if (now == Judgement.SPAM || now == Judgement.VIRUS) {
            return convict();
        }
        if (now != Judgement.CLEAN || trial != Trial.UNCHANGED) {
            return Trial.UNCHANGED;
        }
        trial = Trial.HAM;
        return trial;
    }

    /** The message was addressed to a trap; what that changes as a trial. An answer to a forged sender is none. */
    Trial trap() {
        trapped = true;
        return NULL_SENDER.equals(sender) ? Trial.UNCHANGED : convict();
    }

    private Trial convict() {
        Trial change = trial == Trial.SPAM ? Trial.UNCHANGED : trial == Trial.HAM ? Trial.HAM_TO_SPAM : Trial.SPAM;
        trial = Trial.SPAM;
        return change;
    }

    /** The sender is known: if the prelude is about this message, its trap hit was counted already. */
    void takePrelude(@Nullable String from) {
        if (prelude != null && prelude.isTrapped() && prelude.fits(client, from)) {
            trapped = true;
            trial = NULL_SENDER.equals(from) ? trial : Trial.SPAM;
        }
        redirected |= prelude != null && prelude.redirects && prelude.fits(client, from);
        prelude = null;
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
        if (redirected) {
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
    void addRecipient(String address) {
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
        presumed = Math.max(presumed, Math.min(most, recipientsInQueue - 1));
    }

    /** All its recipients if they are known, and one more than its session tells; else none. */
    Set<String> withOneAdded() {
        boolean told = this.told > 0 && queued && !redirected && bccs == 0 && isDelivered();
        return told && named != null && named.size() == this.told + 1 ? named : Set.of();
    }

    /** Whether it was delivered, and to these addresses alone. */
    boolean isOnlyFor(Set<String> addresses) {
        return named != null && !named.isEmpty() && addresses.containsAll(named);
    }

    private void keep(Set<String> addresses, String address) {
        if (room >= address.length() && addresses.add(address)) {
            room -= address.length() + 4;
        }
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
        if (refused) { // no deliveries will tell
            known = told > 0 ? told : complete ? Math.max(listedOnce(), recipientsInQueue) : 0;
        } else if (redirected) {
            known = told > 0 ? told : complete ? listedOnce() : 0;
        } else if (complete) {
            known += awaited == null ? 0 : awaited.size();
            if (awaitsAll && !queued) { // on hold, of which nothing but its session tells
                known = Math.max(known, told > 0 ? told : listedOnce());
            }
            // Exim and Sendmail count what the client named, before aliases
            boolean asCounted = awaitsAll && (known == 0 || !queued || id.isExim() || id.isSendmails());
            known = asCounted ? Math.max(known, inQueue()) : known;
            known = awaitsAll && id.isExim()
                    ? Math.max(known, listedOnce())
                    : known; // two that lead to one have one line
        }
        if (!refused && recipientsInQueue > 0 && known > recipientsInQueue && id.isSendmails()) {
            known = recipientsInQueue; // deliveries do not tell what the client named: the others are members of a list
        }
        if (counted && !refused && told > 0) {
            known = Math.min(known + presumed, told); // the others were added here: always_bcc, or members of a list
        }
        int more = Math.max(1, known) - victims;
        victims += Math.max(0, more);
        return Math.max(0, more);
    }

    /** How many a filter listed, each once. */
    private int listedOnce() {
        return Math.max(new HashSet<>(listed).size(), victimNames == null ? 0 : victimNames.size());
    }

    /** As many as qmgr counted, after aliases, or fewer where others say how many the client named. */
    private int inQueue() {
        if (told > 0) {
            return Math.min(recipientsInQueue, told);
        }
        boolean counted = !listed.isEmpty() && !listedInPart;
        return counted ? Math.min(recipientsInQueue, new HashSet<>(listed).size()) : recipientsInQueue;
    }

    /** Its recipients as far as they are known: as the client named them, else as the verdict did. Read at once. */
    Collection<String> recipientNames() {
        if (named != null && !named.isEmpty()) {
            return Collections.unmodifiableSet(named);
        }
        return awaited == null ? List.of() : Collections.unmodifiableSet(awaited);
    }

    boolean awaitsDeliveries() {
        return !refused && (awaitsAll || awaited != null && !awaited.isEmpty());
    }

    /** What it is found by, if anybody asks for its Message-ID: as spamd prints it. */
    @Nullable
    String messageIdKey() {
        return indexed != null || lastMessageId == null ? indexed : MessageIds.asSpamdPrints(lastMessageId);
    }

    /** All of this but the parent, which the reader finds by its serial number. */
    byte[] toRow() {
        RowWriter row = new RowWriter();
        row.number(id.high());
        row.number(id.low());
        row.time(since);
        row.address(peer);
        row.address(client);
        row.text(account);
        row.text(sender);
        row.text(messageId);
        row.text(lastMessageId);
        row.text(messageIdKey());
        row.number(parent == null ? -1 : parent.serial);
        row.number(pending.size());
        pending.forEach(verdict -> verdict.write(row));
        row.text(pendingTrap);
        row.flag(prelude != null);
        if (prelude != null) {
            prelude.write(row);
        }
        row.flag(pickedUp);
        row.number(size);
        row.texts(added);
        row.flag(dropped);
        row.flag(settled);
        row.flag(queued);
        row.number(recipientsInQueue);
        row.time(closed);
        row.text(judgement == null ? null : judgement.name());
        row.text(doubted == null ? null : doubted.name());
        row.flag(hasVerdict);
        row.flag(trapped);
        row.text(trial.name());
        row.texts(named);
        row.number(bccs);
        row.number(presumed);
        row.texts(victimNames);
        row.texts(spared);
        row.texts(reached == named ? null : reached);
        row.texts(awaited);
        row.flag(awaitsAll);
        row.number(victims);
        row.time(awaitsUntil);
        row.number(told);
        row.flag(refused);
        row.number(refuser);
        row.flag(held);
        row.flag(sessionOver);
        row.flag(awaitsLink);
        row.number(listed.size());
        listed.forEach(row::text);
        row.flag(listedInPart);
        row.flag(pendingTrapNamed);
        row.time(activeAt);
        row.time(firstLeftAt);
        row.time(leftAt);
        row.flag(leftMilter);
        row.number(doubtful.size());
        doubtful.forEach(verdict -> verdict.write(row));
        row.flag(redirected);
        row.flag(answered);
        row.flag(onHold);
        row.flag(wordless);
        row.flag(checked != null);
        if (checked != null) {
            checked.write(row);
        }
        row.number(runs.size());
        runs.forEach(run -> run.write(row));
        row.flag(output);
        return row.toBytes();
    }

    /** The message that {@link #toRow} wrote, without its parent. */
    static Restored fromRow(long serial, byte[] bytes) {
        RowReader row = new RowReader(bytes);
        Mail mail = new Mail(serial, new QueueId(row.number(), row.number()), Objects.requireNonNull(row.time()));
        mail.peer = row.address();
        mail.client = row.address();
        mail.account = row.text();
        mail.sender = row.text();
        mail.messageId = row.text();
        mail.lastMessageId = row.text();
        String indexed = row.text();
        long parent = row.number();
        for (long left = row.number(); left > 0; left--) {
            mail.pending.add(Pending.read(row));
        }
        mail.pendingTrap = row.text();
        mail.prelude = row.flag() ? Prelude.read(row) : null;
        mail.pickedUp = row.flag();
        mail.size = row.number();
        mail.added.addAll(Objects.requireNonNull(row.texts()));
        mail.dropped = row.flag();
        mail.settled = row.flag();
        mail.queued = row.flag();
        mail.recipientsInQueue = (int) row.number();
        mail.closed = row.time();
        String judgement = row.text();
        mail.judgement = judgement == null ? null : Judgement.valueOf(judgement);
        String doubted = row.text();
        mail.doubted = doubted == null ? null : Judgement.valueOf(doubted);
        mail.hasVerdict = row.flag();
        mail.trapped = row.flag();
        mail.trial = Trial.valueOf(row.someText());
        mail.named = row.texts();
        mail.bccs = (int) row.number();
        mail.presumed = (int) row.number();
        mail.victimNames = row.texts();
        mail.spared = row.texts();
        Set<String> reached = row.texts();
        mail.reached = reached == null ? mail.named : reached;
        mail.awaited = row.texts();
        mail.awaitsAll = row.flag();
        mail.victims = (int) row.number();
        mail.awaitsUntil = row.time();
        mail.told = (int) row.number();
        mail.refused = row.flag();
        mail.refuser = (int) row.number();
        mail.held = row.flag();
        mail.sessionOver = row.flag();
        mail.awaitsLink = row.flag();
        List<String> listed = new ArrayList<>();
        for (long left = row.number(); left > 0; left--) {
            listed.add(row.someText());
        }
        mail.listed = listed;
        mail.listedInPart = row.flag();
        mail.pendingTrapNamed = row.flag();
        mail.activeAt = row.time();
        mail.firstLeftAt = row.time();
        mail.leftAt = row.time();
        mail.leftMilter = row.flag();
        for (long left = row.number(); left > 0; left--) {
            mail.doubt(Pending.read(row));
        }
        mail.redirected = row.flag();
        mail.answered = row.flag();
        mail.onHold = row.flag();
        mail.wordless = row.flag();
        mail.checked = row.flag() ? Pending.read(row) : null;
        for (long left = row.number(); left > 0; left--) {
            mail.runs = mail.runs.isEmpty() ? new ArrayList<>() : mail.runs;
            mail.runs.add(Run.read(row));
        }
        mail.output = row.flag();
        return new Restored(mail, indexed, parent);
    }

    /**
     * A message read back.
     *
     * @param indexed key under which it is found by Message-ID; null if it is not
     * @param parent serial number of the message that it is the filter's output of; -1 if none
     */
    record Restored(Mail mail, @Nullable String indexed, long parent) {}

    static String fold(String address) {
        for (int i = 0; i < address.length(); i++) {
            char c = address.charAt(i);
            if (c >= 'A' && c <= 'Z' || c >= 128) {
                return address.toLowerCase(Locale.ROOT);
            }
        }
        return address; // as most are
    }

    /** A verdict, kept until it is known whose message it is on. */
    record Pending(
            Instant at,
            String filter,
            Judgement judgement,
            double points,
            @Nullable IpPrefix client,
            @Nullable String sender,
            List<String> recipients,
            Listed recipientsAre,
            @Nullable String quarantine) {

        /** Whether it is the filter's only if the message's sender is the one that stands with it. */
        boolean isDoubtful() {
            return recipientsAre == Listed.UNKNOWN_IF_SENDER;
        }

        /** Whether Postfix's header or body checks said it, which act on what a filter wrote into the header, too. */
        boolean isOfChecks() {
            return filter.equals(Refusals.CHECKS) || filter.equals(Refusals.CHECKS_OF_MARK);
        }

        /** The same of what a filter made of the message: there the mark is the filter's, not the client's. */
        Pending ofOutput() {
            boolean spam = filter.equals(Refusals.CHECKS_OF_MARK);
            return new Pending(
                    at,
                    filter,
                    spam ? Judgement.SPAM : judgement,
                    points,
                    client,
                    sender,
                    recipients,
                    recipientsAre,
                    quarantine);
        }

        boolean isAsNamed() {
            return recipientsAre == Listed.AS_NAMED || recipientsAre == Listed.SOME_AS_NAMED;
        }

        void write(RowWriter row) {
            row.time(at);
            row.text(filter);
            row.text(judgement.name());
            row.decimal(points);
            row.address(client);
            row.text(sender);
            row.texts(recipients);
            row.text(recipientsAre.name());
            row.text(quarantine);
        }

        static Pending read(RowReader row) {
            return new Pending(
                    Objects.requireNonNull(row.time()),
                    row.someText(),
                    Judgement.valueOf(row.someText()),
                    row.decimal(),
                    row.address(),
                    row.text(),
                    List.copyOf(Objects.requireNonNull(row.texts())),
                    Listed.valueOf(row.someText()),
                    row.text());
        }
    }
}
