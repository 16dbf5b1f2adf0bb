package org.postbane.correlate;

import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Deed.Trial;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.parse.LogEvent.Listed;

/**
 * Says what is known of messages: turns verdicts, deliveries and trap hits on a message into deeds of its client, each once.
 * Keeps a counter and the quarantine's addresses; what was said already stands in the {@link Mail}.
 */
final class Sayings {

    static final String ROW = "quarantines";
    static final String DEFERRED_ROW = "deferred";
    private static final int MOST_QUARANTINES = 100;

    private final Predicate<String> traps;
    private final Consumer<Deed> out;
    final DeferredTraps deferredTraps = new DeferredTraps();
    private final AddedRecipients addedToAll = new AddedRecipients();
    /** Addresses that amavis quarantines to. */
    private final Set<String> quarantines = new HashSet<>();

    /**
     * That sums of sessions are of recipients has shown. Some logs have the number of messages there, those of tests for instance:
     * by these, all but one of a message's recipients would be taken for added.
     */
    private boolean countsRecipients;

    /** A milter that gives no words has refused what clamav-milter told to be infected: these are its refusals. */
    private boolean refusedIsVirus;
    /** The same of what a milter threw away. */
    private boolean discardedIsVirus;

    private boolean changed;
    private long contradictions;

    Sayings(Predicate<String> traps, Consumer<Deed> out) {
        this.traps = traps;
        this.out = out;
    }

    boolean isTrap(String address) {
        return traps.test(address);
    }

    /** Verdicts that named another client than the message has, or what a filter made of a message that is not known. */
    long contradictions() {
        return contradictions;
    }

    /** Says what was kept until {@code mail}'s client is known, if it is. */
    void pending(Mail mail) {
        Mail root = mail.root();
        if (!root.isAnswerable() || root.awaitsLink) {
            return;
        }
        while (!root.pending.isEmpty()) {
            Pending verdict = root.pending.remove(0);
            if (verdict.isOfChecks() && root.isFromHere()) {
                root.checked = verdict;
            } else {
                verdict(root, verdict);
            }
        }
        if (root.pendingTrap != null && (root.pendingTrapNamed || !root.isFromHere())) {
            String address = root.pendingTrap;
            root.pendingTrap = null;
            trapped(root, root.since, address, true);
        }
    }

    /**
     * It will not be known any more which message this is the filter's output of. Then the filter's host is not to answer for it, though
     * it handed it in: where the filter is not told of clients by XFORWARD, all of its output looks so.
     */
    void unlinked(Mail output) {
        output.awaitsLink = false;
        if (output.client != null && !output.isForAnother()) {
            contradictions += output.pending.size();
            output.pending.clear();
        } else {
            pending(output);
        }
    }

    /** A verdict on a message whose client is known. */
    void verdict(Mail root, Pending verdict) {
        IpPrefix claimed = verdict.client();
        if (claimed != null && !claimed.isLoopback() && !claimed.equals(root.client) && !claimed.equals(root.peer)) {
            contradictions++;
            return;
        }
        if (verdict.quarantine() != null && quarantines.size() < MOST_QUARANTINES) {
            changed |= quarantines.add(verdict.quarantine().toLowerCase(Locale.ROOT));
        }
        root.hasVerdict |= !verdict.filter().equals(Refusals.MILTER) && !verdict.isOfChecks();
        root.sender = root.sender == null ? verdict.sender() : root.sender;
        if (verdict.isAsNamed()) {
            root.listed = verdict.recipients();
            root.listedInPart = verdict.recipientsAre() == Listed.SOME_AS_NAMED;
            listedTraps(root, verdict.at());
        } else {
            for (String recipient : verdict.recipients()) {
                if (traps.test(recipient)) {
                    trapped(root, verdict.at(), recipient, true);
                }
            }
        }
        boolean wordless = root.wordless && verdict.filter().equals(Refusals.MILTER);
        Judgement judgement = wordless && isVirusWithoutWords(root) ? Judgement.VIRUS : verdict.judgement();
        Judgement before = root.judgement();
        if (root.isWorse(judgement)) {
            Trial trial = root.judge(judgement);
            out.accept(new Deed.Judged(
                    verdict.at(),
                    root.origin(),
                    judgement,
                    before,
                    trial,
                    verdict.points(),
                    verdict.filter(),
                    root.isTrapped()));
        }
        if (verdict.judgement() == Judgement.CLEAN && !verdict.isAsNamed()) {
            root.recipients.spare(verdict.recipients());
        }
        if (verdict.judgement() != Judgement.CLEAN) {
            root.recipients.await(verdict.isAsNamed() ? List.of() : verdict.recipients());
            victims(root, verdict.at(), false);
        }
        refusedWithoutWords(root);
    }

    /**
     * A milter gave no words when it refused the message, or threw it away: that is as good as clamav-milter's own line, once one has
     * told what such refusals are for.
     */
    void refusedWithoutWords(Mail root) {
        if (root.wordless && root.hasVerdict && root.judgement() == Judgement.VIRUS && !isVirusWithoutWords(root)) {
            refusedIsVirus |= root.answered;
            discardedIsVirus |= !root.answered;
            changed = true;
        }
    }

    private boolean isVirusWithoutWords(Mail root) {
        return root.answered ? refusedIsVirus : discardedIsVirus;
    }

    /** A session is over: it is known, if ever, how many recipients a message had. */
    void told(Mail mail, Instant at) {
        if (!countsRecipients && mail.showsSum) {
            countsRecipients = true;
            changed = true;
        }
        learnAdded(mail);
        if (mail.isAnswerable()) {
            listedTraps(mail, at);
        }
        boolean onHold = !mail.queued && !mail.refused && mail.awaitsUntil == null; // or its qmgr lines are lost
        victims(mail.root(), at, onHold && mail.isJudged());
    }

    /**
     * Trap hits that only a milter's list tells of. It is unquoted, so that one recipient may look like several: then there are
     * more than smtpd counted.
     */
    private void listedTraps(Mail mail, Instant at) {
        if (mail.queued || mail.listedInPart || mail.listed.size() != mail.told) {
            return;
        }
        for (String recipient : mail.listed) {
            if (traps.test(recipient)) {
                trapped(mail, at, recipient, true);
            }
        }
    }

    /** Says how many more victims are known of a message that was judged bad. */
    void victims(Mail root, Instant at, boolean complete) {
        Judgement judgement = root.judgement();
        if (judgement == null || judgement == Judgement.CLEAN || root.client == null) {
            return;
        }
        int more = root.recipients.newVictims(complete, countsRecipients);
        if (more > 0) {
            out.accept(new Deed.Victims(at, root.origin(), judgement, more, root.since, root.recipients.names()));
        }
    }

    /** Its recipients and its session may be known by now. */
    private void learnAdded(Mail mail) {
        Set<String> addresses = countsRecipients && mail.client != null ? mail.recipients.withOneAdded() : Set.of();
        if (mail.client != null && !addresses.isEmpty()) {
            addedToAll.learn(addresses, mail.client);
            changed |= addedToAll.takeChanged();
        }
    }

    /** A delivery has told of a recipient. */
    void delivered(Mail mail) {
        learnAdded(mail);
        if (!addedToAll.isEmpty()) {
            mail.recipients.presume(addedToAll);
        }
    }

    /** A message that was judged clean is done with. */
    void delivered(Mail mail, Instant at) {
        if (mail.judgement() == Judgement.CLEAN && mail.isAnswerable()) {
            out.accept(new Deed.Delivered(at, mail.origin(), mail.since, mail.recipients.names()));
        }
    }

    /**
     * A message was addressed to a trap.
     *
     * @param named by the client; else, of what a filter handed in, that is not certain until nothing else is known of it
     */
    void trapped(Mail mail, Instant at, String address, boolean named) {
        Mail root = mail.root();
        if (root.isTrapped()) {
            return;
        }
        if (root.client != null && deferredTraps.takeAgain(root.client, root.sender, address, at)) {
            root.trap(); // told of when it came first
            return;
        }
        if (root.isAnswerable() && (named || !root.isFromHere())) {
            out.accept(new Deed.Trapped(at, root.origin(), address, root.trap(), root.isJudged()));
        } else {
            root.pendingTrap = address;
            root.pendingTrapNamed = named;
        }
    }

    /** A message to a trap of which only the connection is known. */
    void trapped(IpPrefix client, Instant at, @Nullable String sender, String address) {
        if (deferredTraps.takeAgain(client, sender, address, at)) {
            return;
        }
        Trial trial = Mail.NULL_SENDER.equals(sender) ? Trial.UNCHANGED : Trial.SPAM;
        out.accept(new Deed.Trapped(at, Origin.of(client, null, sender), address, trial, false));
    }

    /** A verdict on a message of which nothing else is known: the MTA told the filter who the client is. */
    void verdictAlone(Pending verdict) {
        IpPrefix client = verdict.client();
        if (client == null || client.isLoopback()) {
            return;
        }
        Mail unknown = new Mail(-1, Mail.NO_ID, verdict.at(), new Room());
        Origin origin = new Origin(client, null, verdict.sender(), null, null);
        Trial trial = unknown.judge(verdict.judgement());
        out.accept(new Deed.Judged(
                verdict.at(), origin, verdict.judgement(), null, trial, verdict.points(), verdict.filter(), false));
        if (verdict.judgement() != Judgement.CLEAN) {
            unknown.recipients.await(verdict.recipients());
            out.accept(new Deed.Victims(
                    verdict.at(),
                    origin,
                    verdict.judgement(),
                    unknown.recipients.newVictims(true, false),
                    verdict.at(),
                    unknown.recipients.names()));
        }
    }

    /** Nothing more is to be expected of this message: says what remains to be said, once. */
    void last(Mail mail, Instant at) {
        if (mail.settled) {
            return;
        }
        mail.settled = true;
        learnAdded(mail);
        lastPending(mail);
        if (mail.parent != null) {
            return;
        }
        Pending checked = mail.checked;
        mail.checked = null;
        if (checked != null && !mail.isBad() && mail.isAnswerable()) {
            verdict(mail, checked.ofOutput());
        }
        victims(mail, at, true);
        if (mail.isFromHere() && mail.recipients.isOnlyFor(quarantines)) {
            return; // the filter's own mail
        }
        if (mail.pendingTrap != null && mail.client != null) {
            out.accept(new Deed.Trapped(at, mail.origin(), mail.pendingTrap, mail.trap(), mail.isJudged()));
        }
        // what this host sends to itself (notifications, bounces through a filter) is nobody's deed
        boolean unjudged = mail.isJudged() ? mail.isBadButNoSpam() : !mail.isTrapped() && !mail.refused;
        if (unjudged && mail.isAccepted() && mail.isAnswerable()) {
            out.accept(new Deed.Unjudged(at, mail.origin(), mail.isJudged()));
        }
    }

    /** Verdicts whose message did not turn up, or turned out to be handed in by this host. */
    void lastPending(Mail mail) {
        if (mail.awaitsLink) {
            unlinked(mail);
        }
        Pending worst = null; // as all are on one message
        while (!mail.pending.isEmpty()) {
            Pending verdict = mail.pending.remove(0);
            if (mail.client != null) {
                verdict(mail, verdict);
            } else if (verdict.client() != null && (worst == null || worst.judgement() == Judgement.CLEAN)) {
                worst = verdict;
            }
        }
        if (worst != null && (!mail.wordless || !isVirusWithoutWords(mail))) {
            verdictAlone(worst);
        }
    }

    void saveTo(OpenMessageStore store) {
        if (deferredTraps.takeChanged()) {
            store.saveRow(DEFERRED_ROW, deferredTraps.toRow());
        }
        if (changed) {
            RowWriter row = new RowWriter();
            row.texts(quarantines);
            row.flag(countsRecipients);
            row.flag(refusedIsVirus);
            row.flag(discardedIsVirus);
            addedToAll.write(row);
            store.saveRow(ROW, row.toBytes());
            changed = false;
        }
    }

    void restore(RowReader row) {
        quarantines.addAll(Objects.requireNonNull(row.texts()));
        countsRecipients = row.flag();
        refusedIsVirus = row.flag();
        discardedIsVirus = row.flag();
        addedToAll.read(row);
    }

    void refused(Instant at, Origin origin, String stage, int code, String reason) {
        out.accept(new Deed.Refused(at, origin, stage, code, reason));
    }

    void misbehaved(Instant at, @Nullable IpPrefix client, Deed.Fault fault, String what) {
        if (client != null) {
            out.accept(new Deed.Misbehaved(at, Origin.of(client, null, null), fault, what));
        }
    }

    void authFailed(Instant at, @Nullable IpPrefix client, @Nullable String login) {
        if (client != null) {
            out.accept(new Deed.AuthFailed(at, Origin.of(client, null, null), login));
        }
    }
}
