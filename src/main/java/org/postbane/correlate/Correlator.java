package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Deed.Fault;
import org.postbane.correlate.Mail.Pending;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.parse.LogEvent;
import org.postbane.parse.LogEvent.Breach;
import org.postbane.parse.LogEvent.Status;
import org.postbane.parse.Peer;
import org.postbane.parse.Program;

/**
 * Joins events into messages and says what their clients did.
 *
 * <p>A message is known by its queue id, from {@code client=} to {@code removed}. A filter's output is a message of its
 * own, linked to the one it was made of by {@code orig_queue_id=} or by {@code queued as}. A verdict names the queue id
 * (amavis), an id of the output, amavis's own id, or the Message-ID only (spamd). Each way is taken only where it leaves
 * one answer:
 *
 * <ul>
 *   <li>amavis's client must be the client of the queue id that it names; else nobody is blamed.
 *   <li>{@code orig_*} is believed, as Postfix logs it only for hosts that it trusts with XFORWARD; {@code queued as} only
 *       where the next hop and the client of that message are one address, as the reply may be a stranger's.
 *   <li>A Message-ID that several clients' open messages have blames none of them.
 * </ul>
 *
 * <p>A verdict counts when it comes, with one victim; the others follow when deliveries have told of all how the client named
 * them, and after {@link CorrelateSettings#patience} without these. Lines may come in a somewhat different order than
 * things happened: a fact about an unknown queue id makes a message of unknown origin, which a {@code client=} line adopts
 * if it comes within {@link #REORDER}.
 *
 * <p>Threads: one. Memory: {@link CorrelateSettings#mostOpen} messages. Errors: lines that do not fit yield nothing.
 *
 * <p>Known shortcomings: victims of a message that a milter refused are counted as one; a proxy filter's refusal is known
 * from the filter's own line only.
 */
public final class Correlator implements Consumer<LogEvent>, LogEvent.Visitor {

    private static final Duration REORDER = Duration.ofSeconds(2);
    /** Verdicts that name no message that is known are kept so long. */
    private static final Duration ORPHANED = Duration.ofSeconds(30);

    /** Whether something is due is looked up so often. */
    private static final Duration LOOK = Duration.ofMillis(250);

    private static final int MOST_STRAY = 10_000;
    private static final String MAIL_ROW = "mail:";
    private static final String PRELUDES_ROW = "preludes";
    private static final String STRAY_ROW = "stray";
    private static final String WAITING_ROW = "waiting";
    private static final String END_OF_MESSAGE = "END-OF-MESSAGE";

    private final CorrelateSettings settings;
    private final Sayings sayings;
    private final Consumer<Deed> out;
    /** Deeds of the call at hand. Kept till its end, for the JIT's sake: see {@link Deed.Visitor}. */
    private final List<Deed> said = new ArrayList<>();

    private final OpenMessages open = new OpenMessages();
    private final ByMessageId byMessageId = new ByMessageId(open);
    /** In order of time; what is due is looked up again, as the message may be gone or changed. */
    private final ArrayDeque<Due> closing = new ArrayDeque<>();

    private final ArrayDeque<Due> awaiting = new ArrayDeque<>();
    private final ArrayDeque<Due> orphaned = new ArrayDeque<>();
    /** Verdicts on messages that were not passed on, by amavis's id, where the line names no queue id. */
    private final Map<String, Pending> stray = new LinkedHashMap<>();

    private final Preludes preludes = new Preludes();

    private final boolean remembers;
    private final Set<Mail> changed = new LinkedHashSet<>();
    private final Set<Long> gone = new HashSet<>();
    /** Whether {@link #stray} changed since it was saved. */
    private boolean strayChanged;

    private Instant now = Instant.MIN;
    private Instant nextLook = Instant.MIN;
    private long nextSerial;

    private record Due(Mail mail, Instant at) {}

    /**
     * @param traps which addresses no honest sender can know
     * @param remembers keep track of changes for {@link #saveTo}
     */
    public Correlator(CorrelateSettings settings, Predicate<String> traps, boolean remembers, Consumer<Deed> out) {
        this.settings = settings;
        this.remembers = remembers;
        this.sayings = new Sayings(traps, said::add);
        this.out = out;
    }

    @Override
    public void accept(LogEvent event) {
        pass(event.at());
        event.accept(this);
        handOn();
    }

    private void handOn() {
        for (int i = 0; i < said.size(); i++) {
            out.accept(said.get(i));
        }
        said.clear();
    }

    /** Verdicts that could be on messages of several clients, or contradict the queue id that they name; nobody was blamed. */
    public long ambiguous() {
        return byMessageId.ambiguous() + sayings.contradictions();
    }

    /** Messages that are not done with. */
    public int open() {
        return open.size();
    }

    // ---------------------------------------------------------------- a message's life

    @Override
    public void visit(LogEvent.Connect event) {
        preludes.take(event.by());
    }

    @Override
    public void visit(LogEvent.Disconnect event) {
        preludes.take(event.by());
    }

    @Override
    public void visit(LogEvent.Pickup event) {
        Mail mail = start(event.queueId(), event.at());
        mail.sender = event.sender();
        mail.pickedUp = true;
    }

    @Override
    public void visit(LogEvent.Client event) {
        if (event.queueId() == null) {
            return; // before a proxy filter, which hands it in again
        }
        Mail mail = open.find(event.queueId());
        if (event.queueId().isExim()) {
            if (mail != null && mail.peer != null) {
                return; // a copy in the reject log
            }
            mail = mail == null ? start(event.queueId(), event.at()) : mail; // of which an ACL spoke before
        } else if (mail == null || mail.peer != null || mail.since.plus(REORDER).isBefore(event.at())) {
            mail = start(event.queueId(), event.at());
        }
        touch(mail);
        mail.peer = event.client().address();
        mail.account = event.account();
        Peer original = event.origClient();
        mail.client = original != null && original.address() != null ? original.address() : mail.peer;
        Mail source = event.origQueueId() == null ? null : open.find(event.origQueueId());
        if (source != null && source != mail && mail.parent == null && isSameClient(source, mail.client)) {
            link(mail, source);
        }
        Prelude prelude = preludes.take(event.by());
        if (prelude != null && prelude.fits(mail.client, null)) {
            mail.prelude = prelude;
            mail.added.addAll(prelude.added());
        }
        sayings.pending(mail);
        if (mail.isJudged()) {
            awaitDeliveries(mail, event.at());
        }
    }

    private static boolean isSameClient(Mail mail, @Nullable IpPrefix client) {
        IpPrefix known = mail.root().client;
        return known == null || known.equals(client) || client == null || client.isLoopback();
    }

    /** {@code output} is what the filter made of {@code input}. */
    private void link(Mail output, Mail input) {
        Mail root = input.root();
        if (root == output) {
            return;
        }
        touch(output);
        touch(root);
        output.parent = root;
        root.children++;
        root.pending.addAll(output.pending);
        output.pending.clear();
        if (output.pendingTrap != null && root.pendingTrap == null) {
            root.pendingTrap = output.pendingTrap;
        }
        if (root.client == null) {
            root.client = output.client; // the lines of the first pass are lost; XFORWARD still tells
        }
        sayings.pending(root);
    }

    /** A message that begins now. Whatever had this queue id before is done with. */
    private Mail start(QueueId id, Instant at) {
        Mail before = open.find(id);
        if (before != null) {
            giveUp(before, at);
        }
        Mail mail = new Mail(nextSerial++, id, at);
        open.add(mail);
        touch(mail);
        if (open.size() > settings.mostOpen()) {
            Mail oldest = open.iterator().next();
            giveUp(oldest, at);
        }
        return mail;
    }

    @Override
    public void visit(LogEvent.MessageId event) {
        Mail mail = open.find(event.queueId());
        if (event.queueId().isExim()) {
            // Not to be found by: Exim tells the Message-ID after spamd's verdict on it, so that a verdict on a message
            // that
            // repeats the Message-ID of another would be taken for one on that other, which is known already.
            mail = mail == null ? start(event.queueId(), event.at()) : mail;
            mail.messageId = event.messageId();
            touch(mail);
            return;
        }
        boolean another = mail != null
                && mail.closed != null
                && mail.messageId != null
                && !mail.messageId.equals(event.messageId());
        if (mail == null || another) {
            mail = start(event.queueId(), event.at()); // of a bounce, a forward; or client= comes later
        }
        open.addMessageId(mail, event.messageId());
        touch(mail);
        ByMessageId.Found found =
                mail.pickedUp ? byMessageId.cameBack(event.messageId(), mail.sender, event.at()) : null;
        if (found != null) {
            apply(found.mail(), found.verdict());
        }
    }

    @Override
    public void visit(LogEvent.Queued event) {
        Mail mail = open.find(event.queueId());
        if (mail == null || mail.closed != null && !event.queueId().isExim()) {
            // from before the log, or client= comes later; or another message, as qmgr's own lines keep their order
            mail = start(event.queueId(), event.at());
        }
        mail.queued = true;
        mail.sender = event.sender();
        mail.recipientsInQueue = Math.max(mail.recipientsInQueue, event.recipients());
        mail.size = event.size();
        mail.takePrelude(mail.sender);
        touch(mail);
    }

    @Override
    public void visit(LogEvent.Recipients event) {
        Mail mail = open.find(event.queueId());
        mail = mail == null ? start(event.queueId(), event.at()) : mail;
        mail.recipientsInQueue = event.count();
        touch(mail);
    }

    @Override
    public void visit(LogEvent.Delivery event) {
        if (event.status() == Status.DELIVERABLE || event.status() == Status.UNDELIVERABLE) {
            return; // address verification probes
        }
        Mail mail = open.find(event.queueId());
        if (mail == null && event.queueId().isExim()) {
            mail = start(event.queueId(), event.at()); // its arrival may be told of later, but by this id only
        }
        if (mail == null) {
            return;
        }
        touch(mail);
        String as = event.origTo() == null ? event.to() : event.origTo();
        if (mail.parent == null) {
            mail.deliver(event.to(), as);
        }
        if (event.queuedAs() != null) {
            cameBackAs(mail, event.queuedAs(), event.relay());
        }
        Pending verdict = event.filterId() == null || stray.isEmpty() ? null : stray.remove(event.filterId());
        if (verdict != null) {
            strayChanged = true;
            touch(mail.root());
            mail.root().pending.add(verdict);
            sayings.pending(mail);
        }
        if (sayings.isTrap(as)) {
            trapped(mail, event.at(), as);
        } else if (event.origTo() != null && sayings.isTrap(event.to())) {
            trapped(mail, event.at(), event.to());
        }
        if (mail.isJudged() && !mail.awaitsDeliveries()) {
            sayings.victims(mail, event.at(), false); // all at once: each change of a ban is a row, and a command
        }
    }

    private void cameBackAs(Mail mail, QueueId id, String relay) {
        Mail output = open.find(id);
        if (output == null || output == mail || output.parent != null || output.peer == null) {
            return;
        }
        int bracket = relay.indexOf('[');
        int close = bracket < 0 ? -1 : relay.indexOf(']', bracket);
        IpPrefix hop = close < 0 ? null : IpPrefix.parse(relay.substring(bracket + 1, close));
        boolean filter = hop != null && (hop.equals(output.peer) || hop.isLoopback() && output.peer.isLoopback());
        if (filter && isSameClient(mail, output.client)) {
            link(output, mail);
        }
    }

    @Override
    public void visit(LogEvent.Removed event) {
        Mail mail = open.find(event.queueId());
        if (mail != null && mail.closed == null) {
            close(mail, event.at());
            sayings.victims(mail, event.at(), false);
            sayings.delivered(mail, event.at());
        }
    }

    private void close(Mail mail, Instant at) {
        mail.closed = at;
        closing.add(new Due(mail, arrival(at).plus(settings.linger())));
        touch(mail);
    }

    // ---------------------------------------------------------------- verdicts

    @Override
    public void visit(LogEvent.Verdict event) {
        Judgement judgement = event.judgement();
        if (judgement == Judgement.TEMPORARY || judgement == Judgement.UNCHECKED) {
            return; // comes again, or was not looked at
        }
        if (judgement == Judgement.CLEAN && Double.isNaN(event.points())) {
            return; // passed without being looked at
        }
        IpPrefix client = event.client() == null ? null : event.client().address();
        Pending verdict = new Pending(
                event.at(), event.filter(), judgement, event.points(), client, event.sender(), event.recipients());
        Mail mail = null;
        if (event.queueId() != null) {
            mail = open.find(event.queueId());
            mail = mail == null ? start(event.queueId(), event.at()) : mail;
        } else if (!event.queuedAs().isEmpty()) {
            QueueId output = event.queuedAs().get(0);
            mail = open.find(output);
            mail = mail == null ? start(output, event.at()) : mail;
        } else if (event.filterId() != null) {
            stray(event.filterId(), verdict);
        } else if (event.messageId() != null) {
            mail = byMessageId.find(
                    event.messageId(), event.size(), verdict, event.at().minus(REORDER));
        }
        if (mail != null) {
            apply(mail.root(), verdict);
        }
    }

    /** The verdict is on this message; it counts as soon as it is known who handed it in. */
    private void apply(Mail root, Pending verdict) {
        touch(root);
        root.pending.add(verdict);
        sayings.pending(root);
        if (!root.pending.isEmpty()) {
            orphaned.add(new Due(root, arrival(verdict.at()).plus(ORPHANED)));
        } else {
            awaitDeliveries(root, verdict.at());
        }
    }

    private void awaitDeliveries(Mail root, Instant since) {
        if (root.awaitsDeliveries() && root.awaitsUntil == null) {
            root.awaitsUntil = arrival(since).plus(settings.patience());
            awaiting.add(new Due(root, root.awaitsUntil));
        }
    }

    private void stray(String filterId, Pending verdict) {
        if (stray.size() >= MOST_STRAY) {
            Iterator<Pending> oldest = stray.values().iterator();
            sayings.verdictAlone(oldest.next());
            oldest.remove();
        }
        stray.put(filterId, verdict);
        strayChanged = true;
    }

    // ---------------------------------------------------------------- refusals and traps

    @Override
    public void visit(LogEvent.Reject event) {
        if (event.milter() && event.stage().equals(END_OF_MESSAGE)) {
            refusedByMilter(event);
            return;
        }
        IpPrefix client = event.client().address();
        if (client != null && event.code() >= 500) {
            Origin origin = new Origin(client, null, event.sender(), event.queueId(), null);
            sayings.refused(event.at(), origin, event.stage(), event.code(), event.reason());
        }
        addressed(event.at(), event.by(), event.queueId(), client, event.sender(), event.recipient());
    }

    @Override
    public void visit(LogEvent.Match event) {
        IpPrefix client = event.client().address();
        String added = event.addedRecipient();
        if (added != null && client != null) {
            Mail mail = event.queueId() == null ? null : open.find(event.queueId());
            if (mail == null) {
                preludes.of(event.by(), client, event.sender()).addRecipient(added);
            } else {
                mail.added.add(added);
                touch(mail);
            }
        }
        addressed(event.at(), event.by(), event.queueId(), client, event.sender(), event.recipient());
    }

    /** The whole message was refused after its content was seen: for good means as spam. It never gets to qmgr. */
    private void refusedByMilter(LogEvent.Reject event) {
        Mail mail = event.queueId() == null ? null : open.find(event.queueId());
        if (mail == null) {
            return;
        }
        if (event.code() >= 500) {
            Judgement spam = Judgement.SPAM;
            List<String> recipients = List.of();
            apply(
                    mail,
                    new Pending(
                            event.at(),
                            "milter",
                            spam,
                            Double.NaN,
                            event.client().address(),
                            event.sender(),
                            recipients));
        }
        close(mail, event.at());
    }

    @Override
    public void visit(LogEvent.AuthFailure event) {
        if (event.detail()) {
            return; // told again by whom the client spoke to; or the next password database knew the login
        }
        for (int left = event.attempts(); left > 0; left--) {
            sayings.authFailed(event.at(), event.client().address(), event.account());
        }
    }

    @Override
    public void visit(LogEvent.Login event) {} // the message, if there is one, has its own line

    @Override
    public void visit(LogEvent.ProtocolError event) {
        if (event.breach() == Breach.SLIP) {
            return;
        }
        Fault fault = event.breach() == Breach.VIOLATION ? Fault.PROTOCOL : Fault.BROKEN_OFF;
        String what = event.stage().isEmpty() ? event.reason() : event.reason() + " after " + event.stage();
        sayings.misbehaved(event.at(), event.client().address(), fault, what);
    }

    @Override
    public void visit(LogEvent.RateLimit event) {
        sayings.misbehaved(
                event.at(), event.client().address(), Fault.RATE_LIMIT, "over the limit of " + event.limit());
    }

    @Override
    public void visit(LogEvent.Postscreen event) {
        if (event.failed()) {
            sayings.misbehaved(event.at(), event.client().address(), Fault.POSTSCREEN, event.test());
        }
    }

    /** A line names a recipient that the client asked for, whatever became of it. */
    private void addressed(
            Instant at,
            Program by,
            @Nullable QueueId queueId,
            @Nullable IpPrefix client,
            @Nullable String sender,
            @Nullable String recipient) {
        if (recipient == null || client == null || !sayings.isTrap(recipient)) {
            return;
        }
        Mail mail = queueId == null ? null : open.find(queueId);
        if (mail != null) {
            touch(mail);
            mail.takePrelude(sender);
            mail.sender = mail.sender == null ? sender : mail.sender;
            trapped(mail, at, recipient);
            return;
        }
        Prelude prelude = preludes.of(by, client, sender);
        boolean sameMessage = prelude.isTrapped();
        if (!prelude.addTrap(recipient)) {
            prelude = preludes.begin(by, client, sender);
            prelude.addTrap(recipient);
            sameMessage = false;
        }
        if (!sameMessage) {
            sayings.trapped(client, at, sender, recipient);
        }
    }

    private void trapped(Mail mail, Instant at, String address) {
        touch(mail.root());
        sayings.trapped(mail, at, address);
    }

    // ---------------------------------------------------------------- time

    /** It is {@code time} now, by the lines or, where none come, by the clock. Never goes back. */
    public void advance(Instant time) {
        pass(time);
        handOn();
    }

    private void pass(Instant time) {
        if (!time.isAfter(now)) {
            return;
        }
        now = time;
        if (!time.isBefore(nextLook)) {
            nextLook = time.plus(LOOK);
            look();
        }
    }

    /** Says and forgets what is due. */
    private void look() {
        while (isDue(awaiting)) {
            Due due = awaiting.remove();
            touch(due.mail());
            due.mail().awaitsUntil = null;
            sayings.victims(due.mail(), due.at(), true);
        }
        while (isDue(closing)) {
            Due due = closing.remove();
            giveUp(due.mail(), due.at());
        }
        while (isDue(orphaned)) {
            Mail mail = orphaned.remove().mail();
            touch(mail.root());
            sayings.lastPending(mail.root());
            if (mail.peer == null && !mail.queued) {
                giveUp(mail, now); // only the verdict ever spoke of it
            }
        }
        Iterator<Pending> oldest = stray.values().iterator();
        while (oldest.hasNext()) {
            Pending verdict = oldest.next();
            if (verdict.at().plus(ORPHANED).isAfter(now)) {
                break;
            }
            sayings.verdictAlone(verdict);
            oldest.remove();
            strayChanged = true;
        }
        giveUpOld();
    }

    /** When a line with this stamp arrived: late, if it is already later than it says. */
    private Instant arrival(Instant stamp) {
        return stamp.isAfter(now) ? stamp : now;
    }

    private boolean isDue(ArrayDeque<Due> queue) {
        Due first = queue.peek();
        return first != null && !first.at().isAfter(now);
    }

    private void giveUpOld() {
        if (open.size() == 0) {
            return;
        }
        Mail oldest = open.iterator().next();
        if (oldest.since.plus(settings.oldest()).isBefore(now)) {
            giveUp(oldest, now);
        }
    }

    /** Says what remains to be said of a message of which nothing more is to be expected, and forgets it. */
    private void giveUp(Mail mail, Instant at) {
        sayings.last(mail, at);
        drop(mail);
    }

    /** Forgets a settled message; its record stays for as long as the filter's output of it is on its way. */
    private void drop(Mail mail) {
        if (mail.dropped) {
            return;
        }
        mail.dropped = true;
        open.remove(mail);
        if (mail.children > 0) {
            touch(mail);
            return;
        }
        forget(mail);
        Mail root = mail.parent;
        if (root != null && --root.children == 0 && root.dropped) {
            forget(root);
        }
    }

    /** The log is at its end, and no line will follow: says all that is known. */
    public void finish() {
        for (Pending verdict : stray.values()) {
            sayings.verdictAlone(verdict);
        }
        stray.clear();
        List<Mail> rest = new ArrayList<>(open.size());
        open.iterator().forEachRemaining(rest::add);
        for (Mail mail : rest) {
            sayings.last(mail, now);
        }
        rest.forEach(open::remove);
        closing.clear();
        awaiting.clear();
        orphaned.clear();
        handOn();
    }

    // ---------------------------------------------------------------- over restarts

    /** Saves what changed since the last time. */
    public void saveTo(OpenMessageStore store) {
        changed.forEach(mail -> store.saveRow(MAIL_ROW + mail.serial, mail.toRow()));
        gone.forEach(serial -> store.removeRow(MAIL_ROW + serial));
        changed.clear();
        gone.clear();
        if (preludes.takeChanged()) {
            store.saveRow(PRELUDES_ROW, preludes.toRow());
        }
        if (byMessageId.takeChanged()) {
            store.saveRow(WAITING_ROW, byMessageId.toRow());
        }
        if (strayChanged) {
            RowWriter row = new RowWriter();
            row.number(stray.size());
            stray.forEach((filterId, verdict) -> {
                row.text(filterId);
                verdict.write(row);
            });
            store.saveRow(STRAY_ROW, row.toBytes());
            strayChanged = false;
        }
    }

    /** Goes on where {@link #saveTo} left off. For a new correlator only. */
    public void restore(OpenMessageStore store) {
        Map<Long, Mail.Restored> rows = new TreeMap<>();
        store.forEachRow((key, bytes) -> {
            if (key.startsWith(MAIL_ROW)) {
                long serial = Long.parseLong(key.substring(MAIL_ROW.length()));
                rows.put(serial, Mail.fromRow(serial, bytes));
            } else if (key.equals(PRELUDES_ROW)) {
                preludes.restore(new RowReader(bytes));
            } else if (key.equals(WAITING_ROW)) {
                byMessageId.restore(new RowReader(bytes));
            } else if (key.equals(STRAY_ROW)) {
                RowReader row = new RowReader(bytes);
                for (long left = row.number(); left > 0; left--) {
                    stray.put(row.someText(), Pending.read(row));
                }
            }
        });
        for (Mail.Restored row : rows.values()) { // in the order in which the messages began
            Mail mail = row.mail();
            nextSerial = Math.max(nextSerial, mail.serial + 1);
            Mail.Restored parent = rows.get(row.parent());
            if (parent != null) {
                mail.parent = parent.mail();
                mail.parent.children++;
            }
            if (mail.dropped) {
                continue;
            }
            open.add(mail);
            if (row.indexed() != null) {
                open.restoreIndex(mail, row.indexed());
            }
            if (mail.closed != null) {
                closing.add(new Due(mail, mail.closed.plus(settings.linger())));
            }
            if (mail.awaitsUntil != null) {
                awaiting.add(new Due(mail, mail.awaitsUntil));
            }
            if (!mail.pending.isEmpty()) {
                orphaned.add(new Due(mail, mail.pending.get(0).at().plus(ORPHANED)));
            }
        }
        sort(closing);
        sort(awaiting);
        sort(orphaned);
    }

    private static void sort(ArrayDeque<Due> queue) {
        List<Due> inOrder = new ArrayList<>(queue);
        inOrder.sort(Comparator.comparing(Due::at));
        queue.clear();
        queue.addAll(inOrder);
    }

    private void touch(Mail mail) {
        if (remembers && !mail.forgotten) { // else its row would come back, for ever
            changed.add(mail);
        }
    }

    private void forget(Mail mail) {
        if (remembers) {
            mail.forgotten = true;
            changed.remove(mail);
            gone.add(mail.serial);
        }
    }
}
