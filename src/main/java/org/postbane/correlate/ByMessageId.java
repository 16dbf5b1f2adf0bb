package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Placement.Answer;
import org.postbane.parse.LogEvent;

/**
 * Finds the message that spamd means, which prints nothing of it but the Message-ID, in a form in which several may look
 * alike, and its size. Messages without any are found as if they had one in common.
 *
 * <p>Strangers choose Message-IDs, and lines get lost; so that a message has the Message-ID of the verdict is not enough:
 *
 * <ul>
 *   <li>It must have been with the filter then, as {@link Stay} tells. A verdict waits until that is known, of all messages that
 *       may have been; whatever was with the filter leaves it soon.
 *   <li>No other client's message with that Message-ID may have been with the filter then, whoever handed it in, and also if that is
 *       forgotten by now; or all verdicts on that Message-ID must leave no other choice: each is on one message, and each run of
 *       a filter gives one at most.
 *   <li>All verdicts that came meanwhile on this Message-ID must be the same, if one message is all that they can be on.
 *   <li>Of every other client's message that was with the filter then, the line with its Message-ID, or with the last of several,
 *       may be lost. So those that have the Message-ID that is known must have as many verdicts, none of which may be on such a
 *       message in its turn. To a Message-ID that nobody knows, a verdict may have been on any of those that lack one: it explains one.
 * </ul>
 *
 * <p>CPU: a line of a message costs as much as there are verdicts on its Message-ID times messages that have it, of which
 * {@link Placement#MOST_PAIRS} at most are looked at.
 *
 * <p>Memory: {@link #MOST_WAITING} verdicts, and {@link Passing#MOST} messages of two kinds, the oldest of which go for others.
 *
 * <p>Known shortcomings: of one message with several recipients whom the filter asks each for himself, no verdict is
 * believed if they differ and the runs are not known. Within stamps of whole seconds much remains uncertain. Where one host asks
 * another's spamd, and each writes its own time, their clocks must agree.
 */
final class ByMessageId extends Remembered {

    /** So long a verdict waits until it is known that no other message was with the filter, whose Message-ID may be lost. */
    private static final Duration PATIENCE = Stay.LEAVING_MILTER.plusSeconds(2);
    /** So long it is kept where it was, as others may have been on the same message. */
    private static final Duration KEPT = Duration.ofSeconds(30);

    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final int MOST_WAITING = 1000;

    private final OpenMessages open;
    private final Consumer<Mail> touched;
    private final Waiting waiting = new Waiting();
    private final Agents agents = new Agents();
    private final Passing passing = new Passing();
    /** When all were looked at. */
    private @Nullable Instant looked;

    /** A verdict has come. Until then nothing is kept. */
    private boolean asked;

    /** Nothing is waited for any more. */
    private boolean ended;

    private long ambiguous;

    /** A verdict, and the message that it is on. */
    record Found(Mail mail, Pending verdict) {}

    /** @param touched takes messages of which something changed */
    ByMessageId(OpenMessages open, Consumer<Mail> touched) {
        this.open = open;
        this.touched = touched;
    }

    /** Verdicts that could be on messages of several clients. */
    long ambiguous() {
        return ambiguous;
    }

    /**
     * The message of a verdict that names its client too; null if there is none, or it is not certain.
     *
     * @param key the Message-ID
     * @param size in bytes as the filter saw it; 0 if it does not say
     */
    @Nullable
    Mail find(String key, long size, Instant at) {
        Mail found = null;
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            if (!Fit.mayBeOn(mail, size, at)) {
                continue;
            }
            if (Fit.isUnknown(mail) || found != null && !Fit.isSameSender(found, mail)) {
                ambiguous++;
                return null;
            }
            found = found == null || !mail.isJudged() || found.isJudged() ? mail : found;
        }
        return found;
    }

    /**
     * A verdict, to be had back from {@link #settled}.
     *
     * @param printed the Message-ID as spamd prints it; null if it found none
     * @param size in bytes as spamd saw it; 0 if it does not say
     * @param took how long it looked at the message, in milliseconds; 0 if it does not say
     * @param begun the stamp of the line that told that spamd began; null if there is none
     */
    void await(@Nullable String printed, long size, int took, @Nullable Instant begun, Pending verdict) {
        String key = MessageIds.printed(printed);
        ask();
        if (waiting.size() >= MOST_WAITING) {
            giveUp(waiting.removeOldest());
        }
        boolean beforeQueue = false;
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            beforeQueue |= Fit.mayBeOn(mail, size, verdict.at()) && !Fit.isUnknown(mail) && mail.activeAt == null;
        }
        Unplaced next = new Unplaced(key, size, took, begun, verdict, beforeQueue);
        waiting.add(next);
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            if (next.isFine() && !mail.since.isBefore(next.at())) {
                returned(next, mail); // whose lines came before
            }
        }
        changed = true;
    }

    /** A line tells of one recipient of the message, and how long a command ran for it. */
    void delivery(Mail mail, LogEvent.Delivery event) {
        LogEvent.Delays delays = event.delays();
        if (delays != null) {
            mail.runs =
                    agents.run(event, delays).addedTo(mail.runs); // also before the first verdict, which may come late
            changed |= asked;
        }
    }

    /** A message begins: it may be what a filter has made of one that has its verdict. Then it is no other message. */
    void handedIn(Mail mail) {
        if (waiting.isEmpty() || mail.messageId == null || !mail.pickedUp && !mail.isFromHere()) {
            return;
        }
        String key = mail.messageIdKey();
        for (Unplaced verdict : key == null ? List.<Unplaced>of() : waiting.on(key)) {
            if (!mail.since.isBefore(verdict.at())
                    && !mail.since.isAfter(verdict.latest().plus(Run.LEAVING))) {
                returned(verdict, mail);
            }
        }
    }

    private void returned(Unplaced verdict, Mail mail) {
        boolean fromHere = mail.isFromHere() && Objects.equals(mail.peer, mail.client); // else a proxy told whose it is
        boolean handedIn = (mail.pickedUp || fromHere) && mail.account == null && mail.parent == null;
        if (handedIn && !mail.output && !verdict.returned) {
            verdict.returned = true;
            mail.output = true;
            touched.accept(mail);
            changed = true;
        }
    }

    private void ask() {
        if (!asked) {
            asked = true;
            open.iterator().forEachRemaining(this::passes);
        }
    }

    /** Something was heard of the message: who sent it, that qmgr has it, that a delivery was tried, that it is over. */
    void heard(Mail mail) {
        if (asked) {
            passes(mail);
        }
    }

    private void passes(Mail mail) {
        if (!mail.output && !mail.id.isExim()) {
            passing.heard(mail);
        }
    }

    /**
     * The verdicts of which it is certain by now on which message they were. To be asked until then.
     *
     * @param mail of which something was heard; null where time has passed
     */
    List<Found> settled(@Nullable Mail mail, Instant now) {
        if (waiting.isEmpty() || mail == null && !ended && isEarly(now)) {
            return List.of();
        }
        String key = mail == null ? null : mail.messageIdKey();
        if (mail != null && key == null) {
            return List.of(); // what it tells of others' messages is found out when some time has passed
        }
        List<Found> all = key == null || isWaitedFor(key) ? settled(key, now) : List.of();
        if (key == null) {
            changed |= waiting.removeIf(verdict -> verdict.at().plus(KEPT).isBefore(now));
        }
        return all;
    }

    /** Whether it may be found out yet that a verdict is on this message. */
    boolean isWaitedFor(Mail mail) {
        String key = waiting.isEmpty() || mail.dropped ? null : mail.messageIdKey();
        if (key == null) {
            return false;
        }
        for (Unplaced verdict : waiting.on(key)) {
            if (verdict.isOpen() && Fit.mayBeOn(mail, verdict.size, verdict.at())) {
                return true;
            }
        }
        return false;
    }

    private boolean isWaitedFor(String key) {
        for (Unplaced verdict : waiting.on(key)) {
            if (verdict.isOpen()) {
                return true;
            }
        }
        return false;
    }

    /** @param key of the verdicts that are looked at; null for all */
    private List<Found> settled(@Nullable String key, Instant now) {
        Placement placement = new Placement(open, ended, waiting, passing.all());
        List<Found> all = new ArrayList<>(0);
        for (Unplaced verdict : key == null ? waiting.all() : waiting.on(key)) {
            if (!verdict.isOpen()) {
                continue;
            }
            Instant patient = verdict.at().plus(PATIENCE); // though nothing was logged for longer
            boolean late = patient.isBefore(now);
            Instant then = late ? patient : now;
            Answer answer = placement.of(verdict, then);
            switch (answer.kind()) {
                case ON -> {
                    Mail mail = Objects.requireNonNull(answer.mail());
                    verdict.placed = mail;
                    changed = true;
                    placement.found(verdict, mail);
                    all.add(new Found(mail, verdict.verdict));
                }
                case ANYBODYS -> giveUp(verdict);
                case CONTRADICTED -> contradict(verdict.key, Objects.requireNonNull(answer.mail()), then);
                case OPEN -> {}
            }
            if (late) {
                giveUp(verdict);
            }
        }
        return all;
    }

    /** None of the verdicts that may be on this message is believed. */
    private void contradict(String key, Mail mail, Instant now) {
        for (Unplaced verdict : waiting.on(key)) {
            if (Placement.isOn(mail, verdict, now)) {
                verdict.givenUp = true;
                changed = true;
                ambiguous++;
            }
        }
    }

    /** All verdicts are looked at each second, not more often. */
    private boolean isEarly(Instant now) {
        Instant last = looked;
        if (last != null && !now.isBefore(last) && now.isBefore(last.plus(LOOK))) {
            return true;
        }
        looked = now;
        return false;
    }

    /** The same, of a message of which nothing more is to be heard. */
    List<Found> last(Mail mail, Instant now) {
        boolean before = ended;
        ended = true;
        List<Found> all = settled(mail, now);
        ended = before;
        return all;
    }

    /** Nothing more is to be heard of any message. */
    void finish() {
        ended = true;
    }

    /** The message is to be forgotten: a verdict that may have been on it is not to be taken for one on somebody else's. */
    void forget(Mail mail) {
        String key = waiting.isEmpty() ? null : mail.messageIdKey();
        if (key == null) {
            return;
        }
        for (Unplaced verdict : waiting.on(key)) {
            boolean mayBe = verdict.isOpen() && Fit.mayBeOn(mail, verdict.at()) && !hasAnother(mail, key, verdict);
            if (mayBe) {
                giveUp(verdict);
            }
        }
    }

    /** Whether the same sender's next message may be meant, which still can be told from others'. */
    private boolean hasAnother(Mail mail, String key, Unplaced verdict) {
        for (Mail other = open.withMessageId(key); other != null; other = other.nextOfMessageId) {
            if (other != mail && Fit.mayBeOn(other, verdict.at()) && Fit.isSameSender(mail, other)) {
                return true;
            }
        }
        return false;
    }

    /** Nobody is to answer for the verdict, as it is uncertain who: and another one on the same message must not differ. */
    private void giveUp(Unplaced verdict) {
        if (!verdict.isOpen()) {
            return;
        }
        verdict.givenUp = true;
        changed = true;
        boolean anybodys = false;
        for (Mail mail = open.withMessageId(verdict.key); mail != null; mail = mail.nextOfMessageId) {
            if (Fit.mayBeOn(mail, verdict.size, verdict.at())) {
                anybodys = true;
                mail.doubted = mail.doubted == null ? verdict.verdict.judgement() : mail.doubted;
                touched.accept(mail);
            }
        }
        ambiguous += anybodys ? 1 : 0;
    }

    byte[] toRow() {
        RowWriter row = new RowWriter();
        agents.write(row);
        row.number(waiting.size());
        waiting.all().forEach(each -> each.write(row));
        return row.toBytes();
    }

    /** @param mails the messages that were read back, by serial number; null for one that is not there */
    void restore(RowReader row, LongFunction<@Nullable Mail> mails) {
        agents.restore(row);
        for (long left = row.number(); left > 0; left--) {
            Unplaced verdict = new Unplaced(
                    row.someText(), row.number(), (int) row.number(), row.time(), Pending.read(row), row.flag());
            boolean wasPlaced = row.flag();
            verdict.placed = mails.apply(row.number());
            verdict.givenUp = row.flag();
            verdict.returned = row.flag();
            if (!wasPlaced || verdict.placed != null) { // else the message is done with
                waiting.add(verdict);
            }
        }
        ask();
    }
}
