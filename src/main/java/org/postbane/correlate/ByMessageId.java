package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Mail.Pending;
import org.postbane.model.Judgement;
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
 * {@link #MOST_PAIRS} at most are looked at.
 *
 * <p>Memory: {@link #MOST_WAITING} verdicts, and {@link #MOST_PASSING} messages, the oldest of which go for others.
 *
 * <p>Known shortcomings: of one message with several recipients whom the filter asks each for himself, no verdict is
 * believed if they differ and the runs are not known. Within stamps of whole seconds much remains uncertain. Where one host asks
 * another's spamd, and each writes its own time, their clocks must agree.
 */
final class ByMessageId {

    /** So long a verdict waits until it is known that no other message was with the filter, whose Message-ID may be lost. */
    private static final Duration PATIENCE = Stay.LEAVING_MILTER.plusSeconds(2);
    /**
     * So long what has its Message-ID may still turn out to have been with the filter. For good then: where it never leaves, the line that
     * it left may be lost.
     */
    private static final Duration SAME_ID = Stay.LEAVING_MILTER.minusSeconds(2);
    /** So long it is kept where it was, as others may have been on the same message. */
    private static final Duration KEPT = Duration.ofSeconds(30);
    /** The lines of different programs may change places within this time. */
    private static final Duration REORDER = Stay.REORDER;
    /** Messages that closed longer ago are over. */
    private static final Duration OVER = Duration.ofSeconds(2);
    /** Messages of which nothing was heard for so long are nowhere near the filter. */
    private static final Duration STUCK = Duration.ofSeconds(60);

    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final int MOST_WAITING = 1000;
    private static final int MOST_PASSING = 1000;
    /** A filter adds and takes away some header lines: sizes differ by less than this, or than an eighth. */
    private static final long SIZE_SLACK = 2048;
    /** So many verdicts on one Message-ID, and messages that have it, are told apart by what others may be on. */
    private static final int MOST_ALIKE = 16;
    /** So many pairs of a verdict and a message of one Message-ID are looked at; of more, nothing is believed. */
    private static final int MOST_PAIRS = 1024;
    /** So many messages are looked at in one call, some of them often; then what is not certain yet has to wait. */
    private static final int MOST_WORK = 1_000_000;

    private final OpenMessages open;
    private final Consumer<Mail> touched;
    private final List<Unplaced> waiting = new ArrayList<>();
    private final Agents agents = new Agents();
    /** Clients' messages, of which the one that was heard of last is last. May be given up already. */
    private final Set<Mail> passing = new LinkedHashSet<>();
    /** The same, of those of which no more is known than who sends them: a flood of such is not to push out the others. */
    private final Set<Mail> beginning = new LinkedHashSet<>();
    /** Both, for one call. */
    private final List<Mail> around = new ArrayList<>();
    /** What was looked at in this call. */
    private int work;
    /** When all were looked at. */
    private @Nullable Instant looked;
    /** What was asked for in one call, by Message-ID. */
    private final Map<String, List<Unplaced>> verdictsById = new HashMap<>();

    private final Map<String, List<Mail>> mailsById = new HashMap<>();
    private final Map<String, List<Mail>> othersById = new HashMap<>();
    private final Map<String, @Nullable Matching> matchings = new HashMap<>();
    /** Messages that verdicts were found on in this call. */
    private final Set<Mail> found = new HashSet<>();

    /** A verdict has come. Until then nothing is kept. */
    private boolean asked;

    /** Nothing is waited for any more. */
    private boolean ended;

    private long ambiguous;
    private boolean changed;

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
            if (!mayBeOn(mail, size, at)) {
                continue;
            }
            if (isUnknown(mail) || found != null && !isSameSender(found, mail)) {
                ambiguous++;
                return null;
            }
            found = found == null || !mail.isJudged() || found.isJudged() ? mail : found;
        }
        return found;
    }

    /** Whether a verdict of this time was not on this message, whatever its Message-ID. */
    private static boolean isOut(Mail mail, Instant at) {
        return mail.parent != null
                || mail.since.isAfter(at.plus(REORDER))
                || isElsewhere(mail, at)
                || mail.closed != null && mail.closed.isBefore(at.minus(OVER));
    }

    /** Whether the line of another message was lost or cut, which had this Message-ID. */
    private static boolean isOtherSize(Mail mail, long size) {
        return size > 0 && mail.size > 0 && !isAbout(mail.size, size);
    }

    /** Whether it had left the filter, and nobody has taken it up again since: it is deferred, or on hold. */
    private static boolean isElsewhere(Mail mail, Instant at) {
        return mail.leftAt != null
                && !mail.leftMilter
                && mail.leftAt.isBefore(at.minus(OVER))
                && (mail.activeAt == null || !mail.activeAt.isAfter(mail.leftAt));
    }

    /** Its {@code client=} line is lost. */
    private static boolean isUnknown(Mail mail) {
        return mail.client == null && !mail.pickedUp;
    }

    /** Whether a verdict can be meant for it at all: somebody answers for it, a webmail's user too, or who that is is lost. */
    private static boolean isCandidate(Mail mail) {
        return mail.isAnswerable() || mail.account != null || isUnknown(mail);
    }

    /** Whether a verdict of this time may be on this message, if it names its Message-ID. */
    private static boolean mayBeOn(Mail mail, Instant at) {
        return isCandidate(mail) && !isOut(mail, at);
    }

    /** The same of a verdict with this size. */
    private static boolean mayBeOn(Mail mail, long size, Instant at) {
        return mayBeOn(mail, at) && !isOtherSize(mail, size);
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
            giveUp(waiting.remove(0));
        }
        boolean beforeQueue = false;
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            beforeQueue |= mayBeOn(mail, size, verdict.at()) && !isUnknown(mail) && mail.activeAt == null;
        }
        Unplaced next = new Unplaced(key, size, took, begun, verdict, beforeQueue);
        waiting.add(next);
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            if (isFine(next) && !mail.since.isBefore(next.at())) {
                returned(next, mail); // whose lines came before
            }
        }
        changed = true;
    }

    /** A line tells of one recipient of the message, and how long a command ran for it. */
    void delivery(Mail mail, LogEvent.Delivery event) {
        LogEvent.Delays delays = event.delays();
        if (delays != null && asked) {
            mail.runs = agents.run(event, delays).addedTo(mail.runs);
            changed = true;
        }
    }

    /** A message begins: it may be what a filter has made of one that has its verdict. Then it is no other message. */
    void handedIn(Mail mail) {
        if (waiting.isEmpty() || mail.messageId == null || !mail.pickedUp && !mail.isFromHere()) {
            return;
        }
        String key = mail.messageIdKey();
        for (Unplaced verdict : waiting) {
            if (Objects.equals(key, verdict.key)
                    && !mail.since.isBefore(verdict.at())
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
        if (mail.output || mail.id.isExim()) {
            return;
        }
        passing.remove(mail);
        beginning.remove(mail);
        boolean begins = mail.messageId == null && mail.activeAt == null && mail.leftAt == null && mail.closed == null;
        Set<Mail> mails = begins ? beginning : passing;
        mails.add(mail);
        trim(mails, lastOf(mail));
    }

    private static void trim(Set<Mail> mails, Instant now) {
        while (mails.size() > MOST_PASSING
                || lastOf(mails.iterator().next()).plus(STUCK).isBefore(now)) {
            mails.remove(mails.iterator().next());
        }
    }

    private static Instant lastOf(Mail mail) {
        return mail.leftAt != null ? mail.leftAt : mail.activeAt != null ? mail.activeAt : mail.since;
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
        changed |= waiting.removeIf(verdict -> verdict.at().plus(KEPT).isBefore(now));
        return all;
    }

    /** Whether it may be found out yet that a verdict is on this message. */
    boolean isWaitedFor(Mail mail) {
        String key = waiting.isEmpty() || mail.dropped ? null : mail.messageIdKey();
        if (key == null) {
            return false;
        }
        for (Unplaced verdict : waiting) {
            if (verdict.isOpen() && key.equals(verdict.key) && mayBeOn(mail, verdict.size, verdict.at())) {
                return true;
            }
        }
        return false;
    }

    private boolean isWaitedFor(String key) {
        for (Unplaced verdict : waiting) {
            if (verdict.isOpen() && key.equals(verdict.key)) {
                return true;
            }
        }
        return false;
    }

    /** @param key of the verdicts that are looked at; null for all */
    private List<Found> settled(@Nullable String key, Instant now) {
        verdictsById.clear();
        mailsById.clear();
        matchings.clear();
        found.clear();
        around.clear();
        around.addAll(passing);
        around.addAll(beginning);
        othersById.clear();
        findOthers();
        work = 0;
        for (Unplaced each : waiting) {
            verdictsById.computeIfAbsent(each.key, id -> new ArrayList<>()).add(each);
        }
        List<Found> all = new ArrayList<>(0);
        for (Unplaced next : key == null ? waiting : verdictsOn(key)) {
            if (next.isOpen() && isCrowd(next.key)) {
                giveUp(next);
            }
            Instant patient = next.at().plus(PATIENCE); // though nothing was logged for longer
            Found one = next.isOpen() ? settle(next, earlier(now, patient)) : null;
            if (one != null) {
                all.add(one);
                found.add(one.mail());
                matchings.remove(next.key);
            } else if (next.isOpen() && patient.isBefore(now)) {
                giveUp(next);
            }
        }
        return all;
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

    /** Whether the work of this call has become too much; then nothing is certain. */
    private boolean isTooMuch(int more) {
        work += more;
        return work > MOST_WORK;
    }

    /** Somebody floods us with one Message-ID: what came of each pair would take too long to find out. */
    private boolean isCrowd(String key) {
        return (long) verdictsOn(key).size() * withMessageId(key).size() > MOST_PAIRS;
    }

    private List<Unplaced> verdictsOn(String key) {
        List<Unplaced> verdicts = verdictsById.get(key);
        return verdicts == null ? List.of() : verdicts;
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
        for (Unplaced verdict : waiting) {
            boolean mayBe = verdict.isOpen()
                    && key.equals(verdict.key)
                    && mayBeOn(mail, verdict.at())
                    && !hasAnother(mail, key, verdict);
            if (mayBe) {
                giveUp(verdict);
            }
        }
    }

    /** Whether the same sender's next message may be meant, which still can be told from others'. */
    private boolean hasAnother(Mail mail, String key, Unplaced verdict) {
        for (Mail other = open.withMessageId(key); other != null; other = other.nextOfMessageId) {
            if (other != mail && mayBeOn(other, verdict.at()) && isSameSender(mail, other)) {
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
            if (mayBeOn(mail, verdict.size, verdict.at())) {
                anybodys = true;
                mail.doubted = mail.doubted == null ? verdict.verdict.judgement() : mail.doubted;
                touched.accept(mail);
            }
        }
        ambiguous += anybodys ? 1 : 0;
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    private @Nullable Found settle(Unplaced verdict, Instant now) {
        String key = verdict.key;
        Instant alike = earlier(now, verdict.at().plus(SAME_ID));
        List<Mail> there = new ArrayList<>();
        List<Mail> later = new ArrayList<>();
        boolean oneSender = true;
        for (Mail mail : withMessageId(key)) {
            Stay stay = Stay.of(mail, verdict, alike);
            if (stay == Stay.THERE) {
                oneSender &= isSameSender(mail, there.isEmpty() ? mail : there.get(0));
                there.add(mail);
            }
            if (stay == Stay.LATER) {
                later.add(mail);
            }
        }
        if (there.isEmpty()) {
            return null;
        }
        Mail one = oneSender ? rather(there, verdict, alike) : leftOver(verdict, key, alike, now);
        if (one == null || !isKnown(one)) {
            return null;
        }
        for (Mail mail : later) {
            if (!isSameSender(mail, one) || hasOne(one) && !ended) {
                return null; // another one of this client's, as this one has a verdict
            }
        }
        if (there.size() == 1 && isContradicted(one, verdict, now)) {
            return null;
        }
        Stay doubt = doubt(one, verdict, true, now);
        if (doubt == Stay.THERE) {
            giveUp(verdict);
        }
        if (doubt != Stay.OUT) {
            return null;
        }
        verdict.placed = one;
        changed = true;
        return new Found(one, verdict.verdict);
    }

    /** All messages with this Message-ID that may have been with a filter, also such as are given up for others by now. */
    private List<Mail> withMessageId(String key) {
        return mailsById.computeIfAbsent(key, this::findWithMessageId);
    }

    private List<Mail> findWithMessageId(String key) {
        List<Mail> all = new ArrayList<>(1);
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            if (mail.parent == null && !mail.output) {
                all.add(mail);
            }
        }
        List<Mail> others = othersById.get(key);
        if (others != null) {
            all.addAll(others);
        }
        return all;
    }

    /** Messages that are not found by their Message-ID any more. */
    private void findOthers() {
        for (Mail mail : around) {
            String key = mail.messageIdKey();
            if (key != null && mail.dropped && mail.parent == null && !mail.output) {
                othersById.computeIfAbsent(key, id -> new ArrayList<>(1)).add(mail);
            }
        }
    }

    /** Whether that is its Message-ID, as far as is known. */
    private static boolean isKeyOf(String key, Mail mail) {
        return key.equals(mail.messageIdKey());
    }

    /** Somebody answers for it, a webmail's user too. */
    private static boolean isKnown(Mail mail) {
        return !mail.dropped && (mail.isAnswerable() || mail.account != null);
    }

    /** One client's messages are judged in the order in which they came. These are the youngest first. */
    private @Nullable Mail rather(List<Mail> there, Unplaced verdict, Instant now) {
        Mail one = null;
        for (Mail mail : there) {
            boolean milters = isMilters(mail, verdict) && mail.activeAt != null;
            boolean onHold = mail.leftMilter && Stay.beforeQueue(mail, verdict, now) == Stay.THERE;
            boolean may = milters || onHold || Stay.behindQueue(mail, verdict, now) == Stay.THERE;
            if (may && !isOtherSize(mail, verdict.size) && (one == null || !hasOne(mail) || hasOne(one))) {
                one = mail;
            }
        }
        return one;
    }

    /** Whether there is a verdict on it already. */
    private boolean hasOne(Mail mail) {
        return mail.isJudged() || found.contains(mail);
    }

    /** Whether it was not queued yet: then only a milter can have asked spamd. */
    private static boolean isMilters(Mail mail, Unplaced verdict) {
        Instant active = mail.activeAt;
        return active == null || active.isAfter(verdict.at()) || verdict.beforeQueue && active.equals(verdict.at());
    }

    /**
     * The message that a verdict is on which may be on several clients', as each of the other verdicts on this Message-ID must be on one
     * too; null if that leaves a choice. Only where all is known of the runs of the filter, each of which gives one verdict at most.
     */
    private @Nullable Mail leftOver(Unplaced verdict, String key, Instant alike, Instant now) {
        List<Unplaced> verdicts = new ArrayList<>();
        for (Unplaced each : verdictsOn(key)) {
            if (each != verdict) {
                verdicts.add(each);
            }
        }
        List<Mail> mails = withMessageId(key);
        if (verdicts.size() > MOST_ALIKE || mails.size() > MOST_ALIKE) {
            return null;
        }
        List<Mail> possible = new ArrayList<>();
        Matching matching = new Matching(verdicts, mails, alike);
        for (Mail mail : mails) {
            if (Stay.of(mail, verdict, alike) != Stay.THERE) {
                continue;
            }
            if (!Stay.hasAllRuns(mail)) {
                return null;
            }
            if (matching.leaves(mail)) {
                possible.add(mail);
            }
        }
        Mail found = possible.isEmpty() ? null : possible.get(possible.size() - 1);
        for (Mail mail : possible) {
            found = found != null && isKnown(mail) && isSameSender(mail, found) ? found : null;
        }
        if (found == null && isOneForEach(verdict, verdicts, mails, alike)) {
            found = possible.stream()
                    .filter(mail -> isKnown(mail) && !hasOne(mail))
                    .findFirst()
                    .orElse(null);
        }
        for (Unplaced each : verdicts) {
            // it could be on a message that has lost its Message-ID, so that this leaves more
            if (found != null && each.placed == null && doubt(found, each, true, now) != Stay.OUT) {
                return null;
            }
        }
        return found;
    }

    /**
     * Whether all verdicts that may be on any of these messages are the same, and as many as the messages' runs: then it does not matter
     * which is whose.
     */
    private static boolean isOneForEach(Unplaced verdict, List<Unplaced> others, List<Mail> mails, Instant now) {
        Set<Unplaced> verdicts = new LinkedHashSet<>(List.of(verdict));
        Set<Mail> reached = new HashSet<>();
        int room = 0;
        for (boolean more = true; more; ) {
            more = false;
            for (Mail mail : mails) {
                if (!reached.contains(mail) && verdicts.stream().anyMatch(each -> each.mayBeOn(mail, now))) {
                    reached.add(mail);
                    room += Math.max(1, mail.runs.size());
                    more = true;
                }
            }
            for (Unplaced other : others) {
                more |= reached.stream().anyMatch(mail -> other.mayBeOn(mail, now)) && verdicts.add(other);
            }
        }
        return verdicts.size() == room
                && verdicts.stream().allMatch(each -> each.verdict.judgement() == verdict.verdict.judgement());
    }

    /**
     * Whether the verdict may have been on another client's message, whose Message-ID is not known: {@link Stay#THERE} if so, {@link
     * Stay#LATER} if that will be known.
     *
     * @param further also if another's own verdict may have been on a third one's
     */
    private Stay doubt(Mail found, Unplaced verdict, boolean further, Instant now) {
        Set<Mail> free = new HashSet<>();
        Instant before = verdict.at().minus(OVER);
        for (Mail other : around) {
            if (other.closed != null && other.leftAt != null && other.leftAt.isBefore(before)) {
                continue; // as most are
            }
            if (isTooMuch(1)) {
                return Stay.LATER;
            }
            if (isJudged(other, now) || isSameSender(other, found) || !mayHaveLost(other, verdict)) {
                continue;
            }
            Stay stay = stay(other, found, verdict, now);
            if (stay == Stay.OUT || stay == Stay.LATER && !further) {
                continue;
            }
            List<Unplaced> own = own(other, now);
            if (stay == Stay.LATER && own.isEmpty()) {
                return stay;
            }
            if (own.isEmpty()) {
                free.add(other);
            }
            for (Unplaced each : own) {
                Stay doubt = further && isFine(verdict) ? doubt(found, each, false, now) : Stay.OUT;
                if (doubt != Stay.OUT) {
                    return doubt;
                }
            }
        }
        if (free.isEmpty() || isTakenUp(free, found, now)) {
            return Stay.OUT;
        }
        Instant known = verdict.latest().plus(Run.LEAVING.multipliedBy(2)); // of all verdicts that may be on these
        return ended || now.isAfter(known) ? Stay.THERE : Stay.LATER;
    }

    /** Whether it is stamped more finely than with seconds, within which there are too many others. */
    private static boolean isFine(Unplaced verdict) {
        return verdict.latest().equals(verdict.at());
    }

    /** Where a message was of which, and of whose client, one line may be lost. */
    private Stay stay(Mail other, Mail found, Unplaced verdict, Instant now) {
        boolean brokenOff =
                other.leftMilter && other.activeAt == null && other.runs.isEmpty(); // or qmgr's line is lost, too
        Stay queue = brokenOff ? Stay.OUT : Stay.behindQueue(other, verdict, now);
        boolean milter = other.messageId == null || isMilters(found, verdict);
        boolean noRuns = Stay.hasAllRuns(found) && Stay.hadNoRuns(other); // the filter is run by a command
        boolean otherRuns = queue == Stay.THERE
                && !other.runs.isEmpty()
                && !Stay.isInRun(other, verdict); // no line of these is lost
        queue = noRuns || otherRuns ? Stay.OUT : queue;
        Stay before = milter ? Stay.beforeQueue(other, verdict, now) : Stay.OUT;
        return queue.compareTo(before) >= 0 ? queue : before;
    }

    /** Whether the line with the Message-ID of the verdict may be lost, of a message that has another one, or none. */
    private boolean mayHaveLost(Mail other, Unplaced verdict) {
        return other.parent == null
                && !other.output
                && other.client != null
                && !isRefusedOtherwise(other)
                && !isOtherSize(other, verdict.size)
                && !isKeyOf(verdict.key, other);
    }

    /** The verdicts one of which is the message's own, if its Message-ID is the one that is known; none if there are too few. */
    private List<Unplaced> own(Mail other, Instant now) {
        List<Unplaced> own = new ArrayList<>();
        String key = other.messageIdKey();
        if (key == null) {
            return own;
        }
        for (Unplaced each : verdictsOn(key)) {
            if (each.placed == null && stay(other, other, each, now) != Stay.OUT) {
                own.add(each);
            }
        }
        return own.isEmpty() || !mustHaveOne(other, key, now) ? List.of() : own;
    }

    /** Whether the verdicts on this Message-ID cannot all be on other messages that have it. */
    private boolean mustHaveOne(Mail other, String key, Instant now) {
        if (withMessageId(key).size() == 1) {
            return true;
        }
        Matching matching = matching(key, now);
        if (matching == null || isTooMuch(MOST_ALIKE * MOST_ALIKE)) {
            return false;
        }
        return matching.isWhole() && !matching.leavesOut(other);
    }

    /** Of all verdicts on this Message-ID, and all messages that have it; null if they are too many. */
    private @Nullable Matching matching(String key, Instant now) {
        if (matchings.containsKey(key)) {
            return matchings.get(key);
        }
        List<Unplaced> verdicts = verdictsOn(key);
        List<Mail> mails = withMessageId(key);
        boolean few = verdicts.size() <= MOST_ALIKE && mails.size() <= MOST_ALIKE;
        Matching matching = few ? new Matching(verdicts, mails, now) : null;
        matchings.put(key, matching);
        return matching;
    }

    /** Whether verdicts on Message-IDs that nobody knows are on all of these messages, and on others like them. */
    private boolean isTakenUp(Set<Mail> free, Mail found, Instant now) {
        Set<Mail> all = new HashSet<>(free);
        int verdicts = 0;
        for (Unplaced each : waiting) {
            boolean nobodys = withMessageId(each.key).isEmpty();
            if (!nobodys || free.stream().noneMatch(mail -> stay(mail, found, each, now) == Stay.THERE)) {
                continue;
            }
            verdicts++;
            if (isTooMuch(around.size())) {
                return false;
            }
            for (Mail mail : around) {
                boolean may =
                        !isJudged(mail, now) && mayHaveLost(mail, each) && stay(mail, found, each, now) != Stay.OUT;
                if (may && own(mail, now).isEmpty()) {
                    all.add(mail);
                }
            }
        }
        return all.size() <= verdicts;
    }

    /** Whether verdicts on this message differ: then not all are on this one, and none of them is believed. */
    private boolean isContradicted(Mail mail, Unplaced verdict, Instant now) {
        boolean differ = wasOtherwise(mail, verdict);
        for (Unplaced other : waiting) {
            differ |= isOn(mail, other, now) && other.verdict.judgement() != verdict.verdict.judgement();
        }
        if (differ && mail.doubted == null) {
            Matching matching = matching(verdict.key, now);
            differ = matching == null || !matching.isWhole();
        }
        for (Unplaced other : waiting) {
            if (differ && isOn(mail, other, now)) {
                other.givenUp = true;
                changed = true;
                ambiguous++;
            }
        }
        return differ;
    }

    private static boolean wasOtherwise(Mail mail, Unplaced verdict) {
        Judgement now = verdict.verdict.judgement();
        return mail.isJudged() && mail.judgement() != now || mail.doubted != null && mail.doubted != now;
    }

    private static boolean isOn(Mail mail, Unplaced verdict, Instant now) {
        return verdict.isOpen() && isKeyOf(verdict.key, mail) && Stay.of(mail, verdict, now) == Stay.THERE;
    }

    /** Whether a filter has told of it: by a line that is known to be on it, or that cannot be on another one of its sender's. */
    private boolean isJudged(Mail mail, Instant now) {
        if (!mail.hasVerdict && !found.contains(mail)) {
            return false;
        }
        String key = mail.messageIdKey();
        if (key == null) {
            return true;
        }
        List<Unplaced> verdicts = new ArrayList<>(0);
        for (Unplaced each : verdictsOn(key)) {
            if (each.placed != null && isSameSender(each.placed, mail)) {
                verdicts.add(each);
            }
        }
        int left = verdicts.size();
        Mail other = left == 0 ? null : open.withMessageId(key);
        for (; other != null; other = other.nextOfMessageId) {
            if (other != mail && isSameSender(other, mail) && mayHaveAny(verdicts, other, now)) {
                left -= Matching.most(other);
                if (left <= 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Whether any of these verdicts may be on this message, by the times. */
    private static boolean mayHaveAny(List<Unplaced> verdicts, Mail mail, Instant now) {
        for (Unplaced each : verdicts) {
            if (Stay.of(mail, each, now) != Stay.OUT) {
                return true;
            }
        }
        return false;
    }

    /** Whether it was refused, and not as spam: by another milter, perhaps before spamd was asked. */
    private static boolean isRefusedOtherwise(Mail mail) {
        boolean mayBeSpam = mail.wordless && !mail.hasVerdict && mail.messageId == null;
        return mail.refused && mail.judgement() != Judgement.SPAM && !mayBeSpam;
    }

    private static boolean isSameSender(Mail a, Mail b) {
        return Objects.equals(a.client, b.client) && Objects.equals(a.account, b.account);
    }

    /**
     * Whether a message that qmgr says is of this size may be the one that spamd saw: qmgr counts a byte or two more for each line,
     * which of short lines is as much again, and filters add header lines.
     */
    private static boolean isAbout(long queued, long seen) {
        return queued > 0
                && seen > 0
                && seen - queued <= Math.max(SIZE_SLACK, queued / 8)
                && queued - 2 * seen <= SIZE_SLACK;
    }

    /** Whether something changed since this was asked last. */
    boolean takeChanged() {
        boolean was = changed;
        changed = false;
        return was;
    }

    byte[] toRow() {
        RowWriter row = new RowWriter();
        agents.write(row);
        row.number(waiting.size());
        waiting.forEach(each -> each.write(row));
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
