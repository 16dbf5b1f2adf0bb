package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.postbane.model.QueueId;

/**
 * The lives of messages: where each begins, what is waited for and how long, when it is given up, and how all of them
 * outlast a restart. Knows nothing of log lines; {@link Correlator} does, and calls this.
 *
 * <p>Threads: one. Memory: {@link CorrelateSettings#mostOpen} messages, the oldest of which is given up for another.
 */
final class Messages {

    /** Verdicts that name no message that is known are kept so long. */
    private static final Duration ORPHANED = Duration.ofSeconds(30);
    /** After a verdict that names an output only, the first pass is looked for so long. */
    private static final Duration UNLINKED = Duration.ofSeconds(10);

    /** Whether something is due is looked up so often. */
    private static final Duration LOOK = Duration.ofMillis(250);

    private static final String MAIL_ROW = "mail:";
    private static final String PRELUDES_ROW = "preludes";
    private static final String STRAY_ROW = "stray";
    private static final String WAITING_ROW = "waiting";
    private static final String ANNOUNCED_ROW = "announced";
    private static final String LOGINS_ROW = "logins";

    private final CorrelateSettings settings;
    private final Sayings sayings;
    private final boolean remembers;

    final OpenMessages open = new OpenMessages();
    final ByMessageId byMessageId;
    final Strays strays;
    final Connections connections;
    final Preludes preludes = new Preludes();
    final Announced announced = new Announced(Correlator.REORDER);
    final LoginSessions loginSessions = new LoginSessions();

    private final Room room = new Room();
    private final DueMails closing = new DueMails();
    private final DueMails awaiting = new DueMails();
    private final DueMails orphaned = new DueMails();
    private final DueMails unlinked = new DueMails();
    private final Set<Mail> changed = new LinkedHashSet<>();
    private final Set<Long> gone = new HashSet<>();
    /** Clocks are set right by less while they run. */
    private static final Duration SET_BACK = Duration.ofMinutes(1);

    private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

    private Instant now = Instant.MIN;
    private Instant nextLook = Instant.MIN;
    private long nextSerial;

    /** @param remembers keep track of changes for {@link #saveTo} */
    Messages(CorrelateSettings settings, Sayings sayings, boolean remembers) {
        this.settings = settings;
        this.sayings = sayings;
        this.remembers = remembers;
        this.byMessageId = new ByMessageId(open, this::touch);
        this.strays = new Strays(sayings, this::released);
        this.connections = new Connections(settings.patience(), remembers, this::told);
    }

    // ---------------------------------------------------------------- a message's life

    /** A message that begins now. Whatever had this queue id before is done with. */
    Mail start(QueueId id, Instant at) {
        Mail before = open.find(id);
        if (before != null) {
            giveUp(before, at);
        }
        Mail mail = new Mail(nextSerial++, id, at, room);
        open.add(mail);
        touch(mail);
        if (open.size() > settings.mostOpen()) {
            Mail oldest = open.iterator().next();
            giveUp(oldest, at);
        }
        return mail;
    }

    /** A message without a queue id, of which nobody but its connection knows. */
    Mail begin(Instant at) {
        return new Mail(nextSerial++, Mail.NO_ID, at, room);
    }

    void close(Mail mail, Instant at) {
        mail.closed = at;
        closing.add(mail, arrival(at).plus(settings.linger()));
        touch(mail);
    }

    /** The verdict is on this message; it counts as soon as it is known who handed it in. */
    void apply(Mail root, Pending verdict) {
        touch(root);
        root.pending.add(verdict);
        sayings.pending(root);
        if (!root.pending.isEmpty()) {
            orphaned.add(root, arrival(verdict.at()).plus(ORPHANED));
        } else {
            awaitDeliveries(root, verdict.at());
        }
    }

    /** Something was heard of this message: verdicts that name a Message-ID only may be known to be on it now. */
    void heard(Mail mail) {
        byMessageId.heard(mail);
        settle(mail, now);
    }

    private void settle(@Nullable Mail heard, Instant time) {
        for (ByMessageId.Found found : byMessageId.settled(heard, time)) {
            apply(found.mail().root(), found.verdict());
        }
    }

    void awaitDeliveries(Mail root, Instant since) {
        if (root.recipients.awaitsDeliveries() && root.awaitsUntil == null) {
            root.awaitsUntil = arrival(since).plus(settings.patience());
            awaiting.add(root, root.awaitsUntil);
        }
    }

    /** The verdict is on the filter's output: it waits until it is known of which message that was made, but not for long. */
    void awaitLink(Mail output, Pending verdict) {
        touch(output);
        output.awaitsLink = true;
        output.pending.add(verdict);
        unlinked.add(output, arrival(verdict.at()).plus(UNLINKED));
        orphaned.add(output, arrival(verdict.at()).plus(ORPHANED));
    }

    // ---------------------------------------------------------------- time

    /** It is {@code time} now. Never goes back. */
    void pass(Instant time) {
        if (!time.isAfter(now)) {
            return;
        }
        now = time;
        if (!time.isBefore(nextLook)) {
            nextLook = time.plus(LOOK);
            look();
        }
    }

    /** The clock says that it is {@code time} now. If it was set back, all that was waited for is due. */
    void clock(Instant time) {
        if (now.isAfter(time.plus(SET_BACK))) {
            now = now.plus(LONGEST_WAIT);
            look();
            now = time;
            nextLook = time;
        } else {
            pass(time);
        }
    }

    /** Says and forgets what is due. */
    private void look() {
        settle(null, now);
        strays.advance(now); // what a session's sum is shared by; after a while without lines, both may be due
        connections.advance(now);
        while (awaiting.isDue(now)) {
            DueMails.Due due = awaiting.remove();
            touch(due.mail());
            due.mail().awaitsUntil = null;
            sayings.victims(due.mail(), due.at(), !due.mail().refused);
        }
        while (unlinked.isDue(now)) {
            Mail mail = unlinked.remove().mail();
            touch(mail);
            sayings.unlinked(mail);
        }
        while (closing.isDue(now)) {
            DueMails.Due due = closing.remove();
            if (byMessageId.isWaitedFor(due.mail()) || mayBeJudgedBehind(due.mail())) {
                closing.add(due.mail(), now.plus(settings.linger()));
            } else {
                giveUp(due.mail(), due.at());
            }
        }
        while (orphaned.isDue(now)) {
            Mail mail = orphaned.remove().mail();
            touch(mail.root());
            sayings.lastPending(mail.root());
            if (mail.peer == null && !mail.queued) {
                giveUp(mail, now); // only the verdict ever spoke of it
            }
        }
        giveUpOld();
        makeRoom();
    }

    /** The oldest messages forget the names of their recipients: those that are judged have told of them long ago. */
    private void makeRoom() {
        Iterator<Mail> oldest = room.isScarce() ? open.iterator() : Collections.emptyIterator();
        while (room.isScarce() && oldest.hasNext()) {
            Mail mail = oldest.next();
            mail.recipients.forgetNames();
            touch(mail);
        }
    }

    /** Whether the next hop's lines are here too, a relay's behind a relay, so that its filter may name the first queue id yet. */
    private static boolean mayBeJudgedBehind(Mail mail) {
        return mail.parent == null && mail.children > 0 && !mail.isJudged();
    }

    /** When a line with this stamp arrived: late, if it is already later than it says. */
    Instant arrival(Instant stamp) {
        return stamp.isAfter(now) ? stamp : now;
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
        for (ByMessageId.Found found : byMessageId.last(mail, now)) {
            apply(found.mail().root(), found.verdict());
        }
        byMessageId.forget(mail);
        if (mail.connection != null && mail.refused) {
            open.remove(mail);
            mail.dropped = true;
            mail.held = true;
            touch(mail);
            return; // until the connection tells how many recipients it had
        }
        connections.leaves(mail);
        sayings.last(mail, at);
        drop(mail);
    }

    /** The message's connection is over: how many recipients it had is known now, if ever. */
    private void told(Mail mail, Instant at) {
        touch(mail);
        sayings.told(mail, at);
        if (mail.held && mail.children > 0) {
            mail.sessionOver = true; // until the filter's line comes, by which it refused the message
        } else if (mail.held) {
            mail.held = false;
            sayings.last(mail, at);
            forget(mail);
        }
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
        if (mail.parent != null) {
            released(mail.parent);
        }
    }

    /** One less has to do with this message. */
    private void released(Mail mail) {
        touch(mail);
        if (--mail.children > 0 || !mail.dropped) {
            return;
        }
        if (mail.held && mail.sessionOver) {
            mail.held = false;
            sayings.last(mail, now);
        }
        if (!mail.held) {
            forget(mail);
        }
    }

    /** No line will follow: says all that is known. */
    void finish() {
        byMessageId.finish();
        settle(null, now);
        strays.finish();
        connections.finish(now);
        List<Mail> rest = new ArrayList<>(open.size());
        open.iterator().forEachRemaining(rest::add);
        for (Mail mail : rest) {
            sayings.last(mail, now);
        }
        rest.forEach(open::remove);
        closing.clear();
        awaiting.clear();
        orphaned.clear();
        unlinked.clear();
    }

    // ---------------------------------------------------------------- over restarts

    /** Saves what changed since the last time. */
    void saveTo(OpenMessageStore store) {
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
        if (strays.takeChanged()) {
            store.saveRow(STRAY_ROW, strays.toRow());
        }
        if (announced.takeChanged()) {
            store.saveRow(ANNOUNCED_ROW, announced.toRow());
        }
        if (loginSessions.takeChanged()) {
            store.saveRow(LOGINS_ROW, loginSessions.toRow());
        }
        connections.saveTo(store);
        sayings.saveTo(store);
    }

    /** Goes on where {@link #saveTo} left off. For a new correlator only. */
    void restore(OpenMessageStore store) {
        Map<Long, Mail.Restored> rows = new TreeMap<>();
        Map<String, byte[]> others = new TreeMap<>();
        store.forEachRow((key, bytes) -> {
            if (key.startsWith(MAIL_ROW)) {
                long serial = Long.parseLong(key.substring(MAIL_ROW.length()));
                rows.put(serial, Mail.fromRow(serial, bytes, room));
            } else if (key.equals(PRELUDES_ROW)) {
                preludes.restore(new RowReader(bytes));
            } else if (key.equals(LOGINS_ROW)) {
                loginSessions.restore(new RowReader(bytes));
            } else if (key.equals(Sayings.DEFERRED_ROW)) {
                sayings.deferredTraps.restore(new RowReader(bytes));
            } else if (key.equals(Sayings.ROW)) {
                sayings.restore(new RowReader(bytes));
            } else if (isJoined(key)) {
                others.put(key, bytes);
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
                closing.add(mail, mail.closed.plus(settings.linger()));
            }
            if (mail.awaitsUntil != null) {
                awaiting.add(mail, mail.awaitsUntil);
            }
            if (!mail.pending.isEmpty()) {
                Instant since = mail.pending.get(0).at();
                orphaned.add(mail, since.plus(ORPHANED));
                if (mail.awaitsLink) {
                    unlinked.add(mail, since.plus(UNLINKED));
                }
            }
        }
        others.forEach((key, bytes) -> restoreJoined(key, bytes, rows));
        connections.restored();
        closing.restored();
        awaiting.restored();
        orphaned.restored();
        unlinked.restored();
    }

    /** Whether the row speaks of messages, which must be read before. */
    private static boolean isJoined(String key) {
        return key.equals(STRAY_ROW) || key.equals(WAITING_ROW) || key.equals(ANNOUNCED_ROW) || Connections.isRow(key);
    }

    private void restoreJoined(String key, byte[] bytes, Map<Long, Mail.Restored> rows) {
        LongFunction<@Nullable Mail> mails = serial -> {
            Mail.Restored row = rows.get(serial);
            return row == null ? null : row.mail();
        };
        if (key.equals(STRAY_ROW)) {
            strays.restore(new RowReader(bytes), mails);
        } else if (key.equals(WAITING_ROW)) {
            byMessageId.restore(new RowReader(bytes), mails);
        } else if (key.equals(ANNOUNCED_ROW)) {
            announced.restore(new RowReader(bytes), mails);
        } else {
            connections.restore(key, bytes, mails);
        }
    }

    void touch(Mail mail) {
        if (remembers && !mail.forgotten) { // else its row would come back, for ever
            changed.add(mail);
        }
    }

    private void forget(Mail mail) {
        mail.recipients.done();
        if (remembers) {
            mail.forgotten = true;
            changed.remove(mail);
            gone.add(mail.serial);
        }
    }
}
