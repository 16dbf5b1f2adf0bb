package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Deed.Trial;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;

/**
 * What is known of one queue id: a message that a client handed in, or that came back from a filter. Facts are added in
 * whatever order the lines come.
 */
final class Mail {

    /** qmgr's line after a delivery that is older than this begins another try; lines may have changed places. */
    private static final Duration RETRY = Duration.ofSeconds(2);

    static final String NULL_SENDER = "";

    /** Of a message that never had a queue id. */
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

    final Recipients recipients;
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

    /** @param room for the names of recipients, shared by all messages */
    Mail(long serial, QueueId id, Instant since, Room room) {
        recipients = new Recipients(this, room);
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
        String letters = letters(untagged(sender));
        Pending believed = null;
        for (Pending each : doubtful) {
            boolean same =
                    each.sender() != null && letters(untagged(each.sender())).equals(letters);
            believed = same ? each : believed;
        }
        doubtful = List.of();
        return believed;
    }

    /** As rspamd prints a sender: without what it takes for an alias ({@code EMAIL_PLUS_ALIASES} in {@code rules/misc.lua}). */
    private static String untagged(String address) {
        int at = address.lastIndexOf('@');
        int plus = address.indexOf('+');
        String domain = at < 0 ? "" : address.substring(at);
        String local = at < 0 ? address : address.substring(0, at);
        String box = plus > 0 && plus < local.length() ? local.substring(0, plus) : local;
        return box + (domain.equalsIgnoreCase("@googlemail.com") ? "@gmail.com" : domain);
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

    /** Whoever handed it in told by XFORWARD that it is a stranger's. */
    boolean isForAnother() {
        return client != null && !client.isLoopback() && !client.equals(peer);
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
        recipients.write(row);
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
    static Restored fromRow(long serial, byte[] bytes, Room room) {
        RowReader row = new RowReader(bytes);
        Mail mail = new Mail(serial, new QueueId(row.number(), row.number()), Objects.requireNonNull(row.time()), room);
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
        mail.recipients.read(row);
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
}
