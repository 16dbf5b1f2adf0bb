package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Deed.Fault;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.Output;
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
 * <p>Known shortcomings: of messages that a milter refused, deferred and passed in one connection, each counts one victim only,
 * unless the milter lists the recipients.
 */
public final class Correlator implements Consumer<LogEvent>, LogEvent.Visitor {

    /** Lines may change places within this time. */
    static final Duration REORDER = Duration.ofSeconds(2);

    private static final int MOST_DOUBTFUL = 64;

    private static final String END_OF_MESSAGE = "END-OF-MESSAGE";

    private final Sayings sayings;
    /** Deeds of the call at hand. */
    private final Output<Deed> out;

    private final Messages messages;
    private final OpenMessages open;
    private final ByMessageId byMessageId;
    private final Strays strays;
    private final Connections connections;
    private final Preludes preludes;
    private final Filters filters;
    private final LoginSessions loginSessions;

    /**
     * @param traps which addresses no honest sender can know
     * @param remembers keep track of changes for {@link #saveTo}
     */
    public Correlator(CorrelateSettings settings, Predicate<String> traps, boolean remembers, Consumer<Deed> out) {
        this.out = new Output<>(out);
        sayings = new Sayings(traps, this.out);
        messages = new Messages(settings, sayings, remembers);
        open = messages.open;
        byMessageId = messages.byMessageId;
        strays = messages.strays;
        connections = messages.connections;
        preludes = messages.preludes;
        filters = new Filters(messages, sayings);
        loginSessions = messages.loginSessions;
    }

    @Override
    public void accept(LogEvent event) {
        messages.pass(event.at());
        event.accept(this);
        out.handOn();
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
        goesOn(event.by(), event.at());
        connections.begin(event.by(), event.client().address(), event.at());
    }

    @Override
    public void visit(LogEvent.Disconnect event) {
        preludes.take(event.by());
        goesOn(event.by(), event.at());
        connections.end(event.by(), event.client().address(), event.recipients(), event.messages(), event.at());
    }

    /**
     * The process has another message, or session, or none: no milter has the one before any more. If that was broken off, nothing else
     * tells of its end.
     */
    private void goesOn(Program by, Instant at) {
        Mail before = by.pid() == 0 ? null : connections.lastOf(by);
        if (before != null && before.activeAt == null && before.leftAt == null) {
            before.left(at);
            before.leftMilter = true; // until qmgr has it, perhaps in the same second
            messages.touch(before);
        }
    }

    @Override
    public void visit(LogEvent.Pickup event) {
        Mail mail = open.find(event.queueId());
        if (mail == null || mail.peer != null || mail.pickedUp || isOver(mail, event.at())) {
            mail = messages.start(event.queueId(), event.at());
        }
        messages.touch(mail);
        mail.sender = event.sender();
        mail.pickedUp = true;
        Mail before = event.origQueueId() == null ? null : open.find(event.origQueueId());
        if (before != null && mail.parent == null) {
            filters.link(mail, before); // postsuper -r
        }
        byMessageId.handedIn(mail);
    }

    @Override
    public void visit(LogEvent.Client event) {
        if (event.queueId() == null) {
            connections.proxy(event.by(), event.client(), event.account(), event.at());
            return; // before a proxy filter, which hands it in again
        }
        Mail mail = open.find(event.queueId());
        if (event.queueId().isExim()) {
            if (mail != null && mail.peer != null) {
                return; // a copy in the reject log
            }
            mail = mail == null ? messages.start(event.queueId(), event.at()) : mail; // of which an ACL spoke before
        } else if (mail == null || mail.peer != null || isOver(mail, event.at())) {
            mail = messages.start(event.queueId(), event.at());
        }
        messages.touch(mail);
        mail.peer = event.client().address();
        mail.account = event.account();
        Peer original = event.origClient();
        mail.client = original != null && original.address() != null ? original.address() : mail.peer;
        filters.handedIn(mail, event);
        Prelude prelude = preludes.take(event.by());
        if (prelude != null && prelude.fits(mail.client, null)) {
            mail.prelude = prelude;
            prelude.added().forEach(mail.recipients::add);
        }
        if (mail.queued || mail.pendingTrap != null) {
            mail.takePrelude(mail.sender); // later lines came before this one
        }
        if (!event.queueId().isExim()) {
            goesOn(event.by(), event.at());
            connections.add(event.by(), mail, event.at());
        }
        if (mail.answered && !mail.pending.isEmpty() && isPassedBack(mail, mail.pending.get(0))) {
            mail.pending.clear();
        }
        byMessageId.handedIn(mail);
        sayings.pending(mail);
        if (mail.isJudged()) {
            messages.awaitDeliveries(mail, event.at());
        }
        messages.heard(mail);
    }

    /** Whether a line that begins a message cannot be about this one, which lines that changed places may have begun. */
    private static boolean isOver(Mail mail, Instant at) {
        return mail.since.plus(REORDER).isBefore(at);
    }

    @Override
    public void visit(LogEvent.MessageId event) {
        Mail mail = open.find(event.queueId());
        if (event.queueId().isExim()) {
            // Not to be found by: Exim tells the Message-ID after spamd's verdict on it, so that a verdict on a message
            // that
            // repeats the Message-ID of another would be taken for one on that other, which is known already.
            mail = mail == null ? messages.start(event.queueId(), event.at()) : mail;
            mail.messageId = event.messageId();
            messages.touch(mail);
            return;
        }
        boolean another = mail != null
                && mail.closed != null
                && mail.messageId != null
                && (!mail.messageId.equals(event.messageId()) || isPast(mail, event));
        if (mail == null || another) {
            mail = messages.start(event.queueId(), event.at()); // of a bounce, a forward; or client= comes later
        }
        open.addMessageId(mail, event.messageId());
        messages.touch(mail);
        byMessageId.handedIn(mail);
    }

    /** Whether it was refused before, so that the line speaks of another one, whose {@code client=} line may be lost. */
    private static boolean isPast(Mail refused, LogEvent.MessageId event) {
        Instant left = refused.leftAt;
        boolean byThis = refused.refuser != 0 && refused.refuser == event.by().pid();
        boolean longAgo = left != null && Run.latest(left).plus(REORDER).isBefore(event.at());
        return refused.refused && !event.queueId().isSendmails() && (byThis || longAgo);
    }

    @Override
    public void visit(LogEvent.Queued event) {
        Mail mail = open.find(event.queueId());
        if (mail == null || mail.closed != null && !event.queueId().isExim()) {
            // from before the log, or client= comes later; or another message, as qmgr's own lines keep their order
            mail = messages.start(event.queueId(), event.at());
        }
        mail.queued = true;
        mail.sender = event.sender();
        mail.recipientsInQueue = Math.max(mail.recipientsInQueue, event.recipients());
        mail.size = event.size();
        mail.takePrelude(mail.sender);
        messages.touch(mail);
        mail.active(event.at());
        messages.heard(mail);
        believe(mail);
        connections.queued(mail, event.at());
    }

    @Override
    public void visit(LogEvent.Recipients event) {
        Mail mail = open.find(event.queueId());
        mail = mail == null ? messages.start(event.queueId(), event.at()) : mail;
        Set<String> each = new HashSet<>();
        event.names().forEach(name -> each.add(Recipients.fold(name)));
        mail.recipientsInQueue = each.isEmpty() ? event.count() : each.size();
        messages.touch(mail);
        for (String name : event.names()) {
            if (sayings.isTrap(name)) {
                trapped(mail, event.at(), name, true);
            }
        }
    }

    @Override
    public void visit(LogEvent.Delivery event) {
        if (event.status() == Status.DELIVERABLE || event.status() == Status.UNDELIVERABLE) {
            return; // address verification probes
        }
        Mail mail = open.find(event.queueId());
        boolean handedOn =
                event.queuedAs() != null || event.filterId() != null; // to say whose output that is takes more
        if (mail == null && (event.queueId().isExim() || !handedOn && event.status() == Status.SENT)) {
            mail = messages.start(event.queueId(), event.at()); // its arrival may be told of later
        }
        if (mail == null) {
            return;
        }
        messages.touch(mail);
        mail.left(event.at());
        byMessageId.delivery(mail, event);
        String as = event.origTo() == null ? event.to() : event.origTo();
        if (mail.parent == null) {
            mail.recipients.deliver(event.to(), as);
            sayings.delivered(mail);
        }
        messages.heard(mail);
        filters.answered(mail, event);
        if (sayings.isTrap(as)) {
            trapped(mail, event.at(), as, event.origTo() != null);
        } else if (event.origTo() != null && sayings.isTrap(event.to())) {
            trapped(mail, event.at(), event.to(), false);
        }
        if (mail.isJudged() && !mail.recipients.awaitsDeliveries()) {
            sayings.victims(mail, event.at(), false); // all at once: each change of a ban is a row, and a command
        }
    }

    @Override
    public void visit(LogEvent.Removed event) {
        Mail mail = open.find(event.queueId());
        if (mail != null && mail.closed == null) {
            mail.left(event.at());
            messages.heard(mail);
            messages.close(mail, event.at());
            sayings.victims(mail, event.at(), false);
            sayings.delivered(mail, event.at());
        }
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
        Mail named = event.queueId() == null ? null : open.find(event.queueId());
        if (named != null && named.parent != null && client != null && client.equals(named.peer)) {
            client = null; // who handed it in is no contradiction to whose it is: a relay that tells by XFORWARD
        }
        if (named != null
                && named.id.isExim()
                && judgement != Judgement.SPAM
                && event.category().equals(LogEvent.REFUSED)) {
            named.answered = true;
            named.refused = true; // of spam, the reject log goes on to tell of its recipients
        }
        Pending verdict = new Pending(
                event.at(),
                event.filter(),
                judgement,
                event.points(),
                client,
                event.sender(),
                event.recipients(),
                event.recipientsAre(),
                event.quarantine());
        if (verdict.isDoubtful()) {
            doubt(event.queueId(), verdict);
        } else if (event.queueId() != null) {
            if (client != null
                    && event.blocked()
                    && isOfOpenSmtpd(event.queueId())
                    && event.filter().equals("rspamd")) {
                strays.askedBehind(client, event.at());
            }
            if (named == null && event.queuedAs().isEmpty()) {
                filters.onUnknown(event.queueId(), event.filterId(), verdict);
            } else if (named != null
                    && (Filters.isOf(named.root(), client) || event.queuedAs().isEmpty())) {
                messages.apply(named.root(), verdict);
            } else { // lost, or an id of the relay's that handed it in
                filters.output(event.queuedAs().get(0), verdict);
            }
        } else if (!event.queuedAs().isEmpty()) {
            filters.output(event.queuedAs().get(0), verdict);
        } else if (event.filterId() != null) {
            filters.verdict(event.filterId(), verdict);
        } else if (client == null) {
            byMessageId.await(event.messageId(), event.size(), event.took(), event.begun(), verdict);
        } else if (event.messageId() != null) {
            Mail mail = byMessageId.find(event.messageId(), event.size(), event.at());
            if (mail != null) {
                messages.apply(mail.root(), verdict);
            }
        }
    }

    /** Eight hexadecimal digits in small letters. */
    private static boolean isOfOpenSmtpd(QueueId id) {
        String text = id.toString();
        return text.length() == 8 && text.chars().allMatch(c -> c >= '0' && c <= '9' || c >= 'a' && c <= 'f');
    }

    private void doubt(@Nullable QueueId id, Pending verdict) {
        if (id == null) {
            return;
        }
        Mail mail = open.find(id);
        if (mail != null && mail.doubtful.size() < MOST_DOUBTFUL) {
            messages.touch(mail);
            mail.doubt(verdict);
            believe(mail);
        }
    }

    /** The sender of the message may be known now. */
    private void believe(Mail mail) {
        Pending verdict = mail.takeBelieved();
        if (verdict != null) {
            messages.apply(mail.root(), verdict);
        }
    }

    // ---------------------------------------------------------------- refusals and traps

    @Override
    public void visit(LogEvent.Reject event) {
        if (event.milter() && event.stage().equals(END_OF_MESSAGE)) {
            IpPrefix client = event.client().address();
            boolean forGood = event.code() >= 500;
            boolean spam = forGood && Refusals.isForContent(event);
            Mail mail = neverQueued(event, spam ? event.reason() : null);
            if (forGood && !spam && mail != null && mail.isAnswerable()) {
                sayings.refused(event.at(), mail.origin(), event.stage(), event.code(), event.reason());
            }
            addressed(event.at(), event.by(), event.queueId(), client, event.sender(), event.recipient(), false);
            return;
        }
        IpPrefix client = event.client().address();
        boolean isJudged = false; // which tells why
        if (event.stage().equals(END_OF_MESSAGE)
                && event.queueId() != null
                && event.queueId().isExim()) {
            Mail mail = neverQueued(event, null); // the reason tells no verdict
            isJudged = mail != null && mail.isBad();
        }
        if (client != null && event.code() >= 500 && !isJudged) {
            Origin origin = new Origin(client, null, event.sender(), event.queueId(), null);
            sayings.refused(event.at(), origin, event.stage(), event.code(), event.reason());
        }
        addressed(event.at(), session(event), event.queueId(), client, event.sender(), event.recipient(), false);
        String recipient = event.recipient();
        if (event.code() < 500 && client != null && recipient != null && sayings.isTrap(recipient)) {
            sayings.deferredTraps.add(client, event.sender(), recipient, event.at());
        }
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
                mail.recipients.add(added);
                messages.touch(mail);
            }
        }
        if (event.action().endsWith("redirect")) {
            redirected(event, client);
        }
        if (event.action().endsWith("discard") && event.stage().equals(END_OF_MESSAGE)) {
            neverQueued(event.by(), event.queueId(), event.at(), client, event.sender(), event.reason(), false);
        }
        Mail held = event.action().endsWith("hold") && event.queueId() != null ? open.find(event.queueId()) : null;
        if (held != null && !held.onHold) {
            held.onHold = true;
            messages.touch(held);
        }
        boolean goesOn = !event.action().equals("discard"); // restrictions that follow may refuse it yet
        addressed(event.at(), event.by(), event.queueId(), client, event.sender(), event.recipient(), goesOn);
    }

    /** All recipients of the message give way to the one that a table names. */
    private void redirected(LogEvent.Match event, @Nullable IpPrefix client) {
        if (event.queueId() != null) {
            Mail known = open.find(event.queueId());
            boolean over = known != null
                    && known.closed != null
                    && known.closed.plus(REORDER).isBefore(event.at());
            Mail mail = known == null || over ? messages.start(event.queueId(), event.at()) : known;
            mail.redirected = true;
            messages.touch(mail);
            sayings.victims(mail.root(), event.at(), false); // the session may have told how many there are
        } else if (client != null) {
            preludes.of(event.by(), client, event.sender()).redirects = true;
        }
    }

    private @Nullable Mail neverQueued(LogEvent.Reject event, @Nullable String reason) {
        return neverQueued(
                event.by(), event.queueId(), event.at(), event.client().address(), event.sender(), reason, true);
    }

    /**
     * A milter ended a message after it had seen its content. It never gets to qmgr.
     *
     * @param by who says so: in Postfix cleanup, which tells the Message-ID before
     * @param reason null where that says nothing against it: it is to come again, or is disowned by the sender's domain
     * @param answered who handed it in was told
     * @return the message; null if it is not known by its queue id
     */
    private @Nullable Mail neverQueued(
            Program by,
            @Nullable QueueId id,
            Instant at,
            @Nullable IpPrefix client,
            @Nullable String sender,
            @Nullable String reason,
            boolean answered) {
        if (id == null) {
            return null;
        }
        Mail known = open.find(id);
        Mail mail = known == null || known.closed != null ? messages.start(id, at) : known;
        mail.refused = true;
        mail.refuser = by.pid();
        mail.answered = answered;
        mail.sender = mail.sender == null ? sender : mail.sender;
        mail.takePrelude(sender);
        mail.left(at);
        messages.heard(mail); // a milter that asked spamd
        believe(mail);
        if (reason != null) {
            Pending verdict = Refusals.verdict(at, client, sender, reason);
            if (answered && isPassedBack(mail, verdict)) {
                messages.touch(mail);
            } else if (verdict.isOfChecks() && (mail.parent != null || mail.isFromHere())) {
                messages.touch(mail.root());
                mail.root().checked = verdict;
            } else if (Refusals.isWordless(reason) && mail.parent == null) {
                refusedWithoutWords(mail, verdict);
            } else {
                messages.apply(mail.root(), verdict);
            }
        }
        messages.close(mail, at);
        return mail;
    }

    /** What for, the milter's own line tells, which comes before; or shortly after, if lines have changed places. */
    private void refusedWithoutWords(Mail mail, Pending verdict) {
        mail.wordless = true;
        messages.touch(mail);
        if (mail.isBad()) {
            sayings.refusedWithoutWords(mail);
        } else {
            mail.children++; // its row stays for as long
            strays.await("refused " + mail.serial, mail, verdict);
        }
    }

    /**
     * Whether it is the output of a filter before the queue, which tells the client, so that the refusal counts by the line of the
     * smtpd that the client speaks to.
     */
    private boolean isPassedBack(Mail mail, Pending verdict) {
        IpPrefix client = mail.client;
        return mail.parent == null
                && mail.isFromHere()
                && client != null
                && !client.isLoopback()
                && (strays.refusedBehind(client, verdict) || connections.refusedBehind(client, verdict));
    }

    /** A filter before the queue answered to a message; its connection tells who sent it. */
    @Override
    public void visit(LogEvent.ProxyReply event) {
        Connection connection = connections.find(event.by());
        IpPrefix client = connection == null ? null : connection.proxied;
        if (connection == null || client == null) {
            return;
        }
        Pending behind = connections.takeBehind(connection, event.sender(), event.at());
        Mail output = event.queuedAs() == null ? null : open.find(event.queuedAs());
        if (output != null && output.parent == null && output.isFromHere() && isFree(output, client)) {
            messages.touch(output);
            output.client = client;
            output.account = connection.proxiedAccount;
            output.awaitsLink = false;
            sayings.pending(output);
        }
        boolean discarded = event.code() < 300 && event.filterId() != null; // 250 2.7.0 Ok, discarded, id=1-2 - spam
        if (event.code() < 500 && !discarded) {
            connection.certain = false; // of what passed, the sum has recipients that are not counted here
            return;
        }
        Mail mail = messages.begin(event.at());
        mail.peer = client;
        mail.client = client;
        mail.account = connection.proxiedAccount;
        mail.sender = event.sender();
        mail.refused = true;
        mail.answered = !discarded;
        mail.closed = event.at();
        mail.dropped = true;
        mail.held = true;
        messages.touch(mail);
        connections.add(event.by(), mail, event.at());
        Pending refusal = behind != null
                ? behind.ofOutput()
                : Refusals.verdict(event.at(), "proxy", client, event.sender(), event.reply());
        Pending verdict = event.filterId() == null ? null : strays.take(event.filterId());
        if (verdict != null) {
            filters.applyToRefused(mail, verdict);
        } else if (event.filterId() != null) {
            mail.children++; // its row stays for as long
            strays.await(event.filterId(), mail, refusal);
        } else {
            messages.apply(mail, refusal);
        }
        if (event.recipient() != null && sayings.isTrap(event.recipient())) {
            trapped(mail, event.at(), event.recipient(), true);
        }
    }

    /** Whether nothing speaks against it that this client sent the message. */
    private static boolean isFree(Mail mail, IpPrefix client) {
        return mail.client == null || mail.client.isLoopback() || mail.client.equals(client);
    }

    @Override
    public void visit(LogEvent.AuthFailure event) {
        IpPrefix client = event.client().address();
        if (event.detail()) { // told again by whom the client spoke to; or the next password database knew the login
            loginSessions.refused(event, client);
            return;
        }
        for (int left = loginSessions.failed(event, client); left > 0; left--) {
            sayings.authFailed(event.at(), client, event.account());
        }
    }

    /** The message, if there is one, has its own line. */
    @Override
    public void visit(LogEvent.Login event) {
        IpPrefix client = event.client().address();
        for (int left = loginSessions.failedBefore(event.by(), event.session(), client); left > 0; left--) {
            sayings.authFailed(event.at(), client, null);
        }
    }

    @Override
    public void visit(LogEvent.ProtocolError event) {
        if (event.breach() == Breach.SLIP) {
            return;
        }
        IpPrefix client = event.client().address();
        Fault fault = event.breach() == Breach.VIOLATION ? Fault.PROTOCOL : Fault.BROKEN_OFF;
        String what = event.stage().isEmpty() ? event.reason() : event.reason() + " after " + event.stage();
        sayings.misbehaved(event.at(), client, fault, what);
        for (int left = loginSessions.failedBefore(event.by(), event.session(), client); left > 0; left--) {
            sayings.authFailed(event.at(), client, null);
        }
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

    /** Whose session it is: postscreen is one process for all clients, and tells their sessions apart by address and port. */
    private static Program session(LogEvent.Reject event) {
        Program by = event.by();
        Peer client = event.client();
        return client.port() > 0 && by.name().endsWith("/postscreen")
                ? new Program(by.host(), by.name() + " " + client.address() + " " + client.port(), by.pid())
                : by;
    }

    /**
     * A line names a recipient that the client asked for, whatever became of it.
     *
     * @param goesOn another line may name it once more, and mean the same command
     */
    private void addressed(
            Instant at,
            Program by,
            @Nullable QueueId queueId,
            @Nullable IpPrefix client,
            @Nullable String sender,
            @Nullable String recipient,
            boolean goesOn) {
        if (recipient == null || client == null || !sayings.isTrap(recipient)) {
            return;
        }
        Mail mail = queueId == null ? null : open.find(queueId);
        if (mail != null) {
            messages.touch(mail);
            mail.takePrelude(sender);
            mail.sender = mail.sender == null ? sender : mail.sender;
            trapped(mail, at, recipient, true);
            return;
        }
        Prelude prelude = preludes.of(by, client, sender);
        boolean sameMessage = prelude.isTrapped();
        if (!recipient.equals(prelude.unanswered) && !prelude.addTrap(recipient)) {
            prelude = preludes.begin(by, client, sender);
            prelude.addTrap(recipient);
            sameMessage = false;
        }
        prelude.unanswered = goesOn ? recipient : null;
        if (!sameMessage) {
            sayings.trapped(client, at, sender, recipient);
        }
    }

    /**
     * @param named the client named the address; else it could be one that the filter sends to, a quarantine for instance: of a
     *     filter's output, the deliveries of the first pass say whom the client named
     */
    private void trapped(Mail mail, Instant at, String address, boolean named) {
        if (mail.parent != null && !named) {
            return;
        }
        messages.touch(mail);
        messages.touch(mail.root());
        sayings.trapped(mail, at, address, named);
    }

    // ---------------------------------------------------------------- time

    /** It is {@code time} now, by the lines or, where none come, by the clock. Never goes back. */
    public void advance(Instant time) {
        messages.pass(time);
        out.handOn();
    }

    /** As {@link #advance}, by a clock, which may have been set back: then nothing is waited for till the time that was wrong. */
    public void clock(Instant time) {
        messages.clock(time);
        out.handOn();
    }

    /** The log is at its end, and no line will follow: says all that is known. */
    public void finish() {
        messages.finish();
        out.handOn();
    }

    /** Saves what changed since the last time. */
    public void saveTo(OpenMessageStore store) {
        messages.saveTo(store);
    }

    /** Goes on where {@link #saveTo} left off. For a new correlator only. */
    public void restore(OpenMessageStore store) {
        messages.restore(store);
    }
}
