package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Mail.Pending;
import org.postbane.model.Judgement;

/**
 * Finds the message that spamd means, which prints nothing of it but the Message-ID, in a form in which several may look
 * alike, and its size.
 *
 * <p>Strangers choose Message-IDs, and lines get lost; so that a message has the Message-ID of the verdict is not enough:
 *
 * <ul>
 *   <li>It must have been with the filter then: the verdict comes before qmgr has it (a milter), or between qmgr's line and a
 *       delivery or the end of it (a pipe or a command of the delivery agent). A verdict waits until that is known.
 *   <li>All verdicts that came meanwhile on this Message-ID must be the same.
 *   <li>No other client's message may have it that was with the filter then, also if that is forgotten by now.
 *   <li>Every other client's message that was with a filter then, a milter's or a pipe's, and fits the size no worse, must have another
 *       Message-ID and a verdict of its own: one whose Message-ID (or whose last of several) was on a line that is lost has not. A
 *       milter's refusal is none: it may be what became of this verdict. To a Message-ID that nobody knows, a verdict may have been on
 *       any of those that lack one: it explains one. Whatever was with the filter leaves it soon; other messages may stay (a slow
 *       next hop, a session that hangs) and are no longer waited for.
 * </ul>
 *
 * <p>Where several clients' open messages fit, nobody is blamed at once. If spamd is run by a pipe, the message comes back
 * by pickup with its whole Message-ID; if that is the one of a single client's messages, of that sender and about that size,
 * and all messages that look like it have verdicts, all the same or each before the message came back, then one was on this
 * one.
 *
 * <p>Memory: {@link #MOST_WAITING} verdicts and as many messages that came back, and {@link #MOST_PASSING} messages, the oldest of which go for others.
 *
 * <p>Known shortcomings: of one message with several recipients whom the filter asks each for himself, no verdict is
 * believed if they differ. A message whose known Message-ID header is {@code <>}, or is another open message's too, is taken for
 * explained by that: if the line with its last header is lost, and the message whose Message-ID stands there is not looked at by the
 * filter, the verdict is taken for that one's. So it is, without a line lost, if a program of this host hands in mail
 * with that Message-ID.
 */
final class ByMessageId {

    /** So long a verdict waits for its message to leave the filter. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** What was with the filter leaves it so soon after the verdict: all that is left to do is to hand it in again. */
    private static final Duration LEAVING = Duration.ofSeconds(5);
    /** A milter has nothing left to do. */
    private static final Duration LEAVING_MILTER = Duration.ofSeconds(2);
    /** The lines of different programs may change places within this time. */
    private static final Duration REORDER = Duration.ofMillis(300);
    /** Messages that closed longer ago are over. */
    private static final Duration OVER = Duration.ofSeconds(2);
    /** Messages of which nothing was heard for so long are nowhere near the filter. */
    private static final Duration STUCK = Duration.ofSeconds(60);

    /** What cleanup logs of a message without that header. */
    private static final String NO_HEADER = "<>";

    private static final int MOST_WAITING = 1000;
    private static final int MOST_PASSING = 1000;
    /** A filter adds and takes away some header lines: sizes differ by less than this, or than an eighth. */
    private static final long SIZE_SLACK = 2048;
    /** Two messages of one server, which adds the same header lines to both: host names in these differ. */
    private static final long SAME_SLACK = 256;

    private final OpenMessages open;
    private final Consumer<Mail> touched;
    private final List<Waiting> waiting = new ArrayList<>();
    /** Messages that came back before the verdict on them: the lines of different programs may change places. */
    private final ArrayDeque<CameBack> early = new ArrayDeque<>();
    /** Clients' messages, of which the one that was heard of last is last. May be given up already. */
    private final Set<Mail> passing = new LinkedHashSet<>();
    /** A verdict has come. Until then nothing is kept. */
    private boolean asked;

    /** Nothing is waited for any more. */
    private boolean ended;

    private long ambiguous;
    private boolean changed;

    /** A verdict that waits. */
    private static final class Waiting {

        /** The Message-ID as spamd prints it; null if it found none. */
        final @Nullable String key;

        final long size;
        final Pending verdict;
        /** qmgr did not have the message then, by the order of the lines: a milter's verdict. */
        final boolean beforeQueue;
        /** The message, as far as its Message-ID tells, since it came back; null while it has not. */
        @Nullable
        Mail meant;

        boolean over;

        Waiting(@Nullable String key, long size, Pending verdict, boolean beforeQueue) {
            this.key = key;
            this.size = size;
            this.verdict = verdict;
            this.beforeQueue = beforeQueue;
        }

        Instant at() {
            return verdict.at();
        }
    }

    private record CameBack(
            String header, @Nullable String key, @Nullable String sender, Instant at) {

        static CameBack of(String header, @Nullable String sender, Instant at) {
            return new CameBack(header, MessageIds.asSpamdPrints(header), sender, at);
        }
    }

    private enum Doubt {
        NONE,
        FOR_NOW,
        FOR_GOOD
    }

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
     */
    void await(@Nullable String printed, long size, Pending verdict) {
        String key = printed == null ? null : MessageIds.printed(printed);
        ask();
        if (waiting.size() >= MOST_WAITING) {
            giveUp(waiting.remove(0));
        }
        boolean beforeQueue = false;
        for (Mail mail = key == null ? null : open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            beforeQueue |= mayBeOn(mail, size, verdict.at()) && !isUnknown(mail) && mail.activeAt == null;
        }
        waiting.add(new Waiting(key, size, verdict, beforeQueue));
        changed = true;
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
        if (!mayBeStrangers(mail) || mail.id.isExim()) {
            return;
        }
        passing.remove(mail);
        passing.add(mail);
        Instant now = lastOf(mail);
        while (passing.size() > MOST_PASSING
                || lastOf(passing.iterator().next()).plus(STUCK).isBefore(now)) {
            passing.remove(passing.iterator().next());
        }
    }

    private static boolean mayBeStrangers(Mail mail) {
        return !mail.pickedUp && !mail.isFromHere() && mail.parent == null;
    }

    private static Instant lastOf(Mail mail) {
        return mail.leftAt != null ? mail.leftAt : mail.activeAt != null ? mail.activeAt : mail.since;
    }

    /**
     * A verdict of which it is certain by now on which message it was; null if there is none. To be asked until then.
     *
     * @param mail of which something was heard; null where time has passed
     */
    @Nullable
    Found settled(@Nullable Mail mail, Instant now) {
        if (waiting.isEmpty()) {
            return null;
        }
        String key = mail == null ? null : mail.messageIdKey();
        if (mail != null && key == null && mail.leftAt == null) {
            return null; // it has left no filter: there is no verdict that this settles
        }
        Found found = null;
        for (int i = 0; i < waiting.size() && found == null; i++) {
            Waiting next = waiting.get(i);
            if (next.key != null && !next.over && (key == null || key.equals(next.key))) {
                found = settle(next, next.key, now);
            }
            if (!next.over && next.at().plus(PATIENCE).isBefore(now)) {
                giveUp(next);
            }
        }
        changed |= waiting.removeIf(verdict -> verdict.over);
        return found;
    }

    /** The same, of a message of which nothing more is to be heard. */
    @Nullable
    Found last(Mail mail, Instant now) {
        boolean before = ended;
        ended |= mail.messageIdKey() != null; // else it ends nothing: all others' verdicts are asked about
        Found found = settled(mail, now);
        ended = before;
        return found;
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
        for (Waiting verdict : waiting) {
            boolean mayBe = !verdict.over
                    && verdict.meant == null
                    && key.equals(verdict.key)
                    && mayBeOn(mail, verdict.at())
                    && !hasAnother(mail, key, verdict);
            if (mayBe) {
                giveUp(verdict);
            }
        }
        changed |= waiting.removeIf(verdict -> verdict.over);
    }

    /** Whether the same sender's next message may be meant, which still can be told from others'. */
    private boolean hasAnother(Mail mail, String key, Waiting verdict) {
        for (Mail other = open.withMessageId(key); other != null; other = other.nextOfMessageId) {
            if (other != mail && mayBeOn(other, verdict.at()) && isSameSender(mail, other)) {
                return true;
            }
        }
        return false;
    }

    /** Nobody is to answer for the verdict, as it is uncertain who: and another one on the same message must not differ. */
    private void giveUp(Waiting verdict) {
        verdict.over = true;
        boolean anybodys = false;
        String key = verdict.key;
        for (Mail mail = key == null ? null : open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            if (mayBeOn(mail, verdict.size, verdict.at())) {
                anybodys = true;
                mail.doubted = mail.doubted == null ? verdict.verdict.judgement() : mail.doubted;
                touched.accept(mail);
            }
        }
        ambiguous += anybodys ? 1 : 0;
    }

    private @Nullable Found settle(Waiting verdict, String key, Instant now) {
        Mail found = null;
        boolean one = true;
        boolean moreToCome = false;
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            boolean meant =
                    verdict.meant == null ? mayBeOn(mail, verdict.at()) : mail == verdict.meant && isCandidate(mail);
            if (!meant) {
                continue;
            }
            if (verdict.meant == null && isOtherSize(mail, verdict.size)) {
                continue; // of one sender's messages, one of the others; of two senders': see below
            }
            if (isUnknown(mail) || found != null && !isSameSender(found, mail)) {
                return null; // unless it comes back
            }
            one &= found == null;
            moreToCome |= !mail.isJudged() && mail.closed == null && !wasThere(mail, verdict);
            found = found == null || isRather(mail, found, verdict) ? mail : found;
        }
        if (found == null || !wasThere(found, verdict)) {
            return null;
        }
        if (verdict.meant == null && mayBeOnAnothers(found, key, verdict)) {
            return null;
        }
        if (found.isJudged() && moreToCome && !ended && isWorthwhile(verdict, LEAVING, now)) {
            return null; // another one of this client's
        }
        if (one && verdict.meant == null && isContradicted(found, verdict)) {
            return null;
        }
        Doubt doubt = doubt(found, verdict, now);
        if (doubt == Doubt.FOR_GOOD) {
            giveUp(verdict);
        }
        if (doubt != Doubt.NONE) {
            return null;
        }
        verdict.over = true;
        return new Found(found, verdict.verdict);
    }

    /** Whether the verdict may have been on another message, whose Message-ID is not known. */
    private Doubt doubt(Mail found, Waiting verdict, Instant now) {
        int others = 0;
        int elsewhere = 0;
        boolean late = false;
        boolean milters = isMilters(found, verdict);
        for (Mail other : passing) {
            if (other == found || isJudged(other)) {
                continue;
            }
            boolean suspect = isSuspect(other, found, verdict);
            boolean about = wasAbout(other, verdict.at());
            if (!suspect && !about || !lacksVerdict(other, verdict)) {
                continue;
            }
            if (suspect && isKnownToHaveBeenThere(other, milters, verdict, now)) {
                others++;
                late |= mayBeLate(other, now);
            } else if (suspect && isWorthwhile(verdict, other.activeAt == null ? LEAVING_MILTER : LEAVING, now)) {
                return Doubt.FOR_NOW; // it will tell
            } else if (about) {
                elsewhere++;
            }
        }
        if (others == 0 || others + elsewhere <= nobodys(verdict)) {
            return Doubt.NONE;
        }
        return late ? Doubt.FOR_NOW : Doubt.FOR_GOOD;
    }

    /** Whether somebody else's message has that Message-ID, whatever its size, which is no proof against anybody. */
    private boolean mayBeOnAnothers(Mail found, String key, Waiting verdict) {
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            if (mayBeOn(mail, verdict.at()) && !isSameSender(found, mail)) {
                return true;
            }
        }
        for (Mail mail : passing) { // given up for others before the verdict came
            boolean same = mail.dropped && key.equals(mail.messageIdKey());
            if (same && mayBeOn(mail, verdict.at()) && !isSameSender(found, mail)) {
                return true;
            }
        }
        return false;
    }

    /** Whether it may become known yet which messages were with the filter when this verdict came; where the log ends, it never is. */
    private boolean isWorthwhile(Waiting verdict, Duration leaving, Instant now) {
        return !now.isAfter(verdict.at().plus(leaving));
    }

    /** One client's messages are judged in the order in which they came. {@code earlier} is asked after later ones. */
    private static boolean isRather(Mail earlier, Mail than, Waiting verdict) {
        if (wasThere(earlier, verdict) != wasThere(than, verdict)) {
            return wasThere(earlier, verdict);
        }
        return !earlier.isJudged() || than.isJudged();
    }

    /** Whether the message is known to have been with a filter at that time, which it has left since. */
    private static boolean wasThere(Mail mail, Waiting verdict) {
        return !mail.since.isAfter(verdict.at().plus(REORDER))
                && (isMilters(mail, verdict) && mail.activeAt != null || hasLeft(mail, verdict.at()));
    }

    /** Whether it was not queued yet: then only a milter can have asked spamd. */
    private static boolean isMilters(Mail mail, Waiting verdict) {
        Instant active = mail.activeAt;
        return active == null || active.isAfter(verdict.at()) || verdict.beforeQueue && active.equals(verdict.at());
    }

    private static boolean hasLeft(Mail mail, Instant at) {
        return mail.firstLeftAt != null
                && mail.leftAt != null
                && !mail.leftAt.isBefore(at.minus(REORDER))
                && !mail.firstLeftAt.isAfter(at.plus(LEAVING));
    }

    /** Whether verdicts on this message differ: then not all are on this one, and none of them is believed. */
    private boolean isContradicted(Mail mail, Waiting verdict) {
        boolean differ = wasOtherwise(mail, verdict);
        for (Waiting other : waiting) {
            differ |= isOn(mail, other) && other.verdict.judgement() != verdict.verdict.judgement();
        }
        for (Waiting other : waiting) {
            if (differ && isOn(mail, other)) {
                other.over = true;
                ambiguous++;
            }
        }
        return differ;
    }

    private static boolean wasOtherwise(Mail mail, Waiting verdict) {
        Judgement now = verdict.verdict.judgement();
        return mail.isJudged() && mail.judgement() != now || mail.doubted != null && mail.doubted != now;
    }

    private static boolean isOn(Mail mail, Waiting verdict) {
        return !verdict.over && Objects.equals(verdict.key, mail.messageIdKey()) && wasThere(mail, verdict);
    }

    /** Whether the verdict may have been on {@code other} as well, which lacks one, as far as is known by now. */
    private boolean isSuspect(Mail other, Mail found, Waiting verdict) {
        Instant at = verdict.at();
        return !isSameSender(other, found)
                && !other.since.isAfter(at.plus(REORDER))
                && (wasWithMilter(other, isMilters(found, verdict), at) || wasWithQueue(other, at))
                && fitsAsWell(other, found, verdict.size);
    }

    /** Whether a filter has told of it, if only by a verdict that was given up. */
    private static boolean isJudged(Mail mail) {
        return mail.hasVerdict || mail.doubted != null;
    }

    /** Whether no verdict waits that is on this stranger's message, of which, and of whose client, not more than one line is lost. */
    private boolean lacksVerdict(Mail other, Waiting verdict) {
        if (!mayBeStrangers(other) || other.client == null) {
            return false;
        }
        String key = other.messageIdKey();
        if (other.messageId == null) {
            return true;
        }
        boolean own =
                isRefusedOtherwise(other) || other.messageId.equals(NO_HEADER) || Objects.equals(key, verdict.key);
        for (Waiting each : waiting) {
            own |= key != null && key.equals(each.key);
        }
        return !own;
    }

    /** Whether it was refused, and not as spam: by another milter, perhaps before spamd was asked. */
    private static boolean isRefusedOtherwise(Mail mail) {
        return mail.refused && mail.judgement() != Judgement.SPAM;
    }

    /**
     * Whether the message was with a milter at that time, or may be there since.
     *
     * @param milters the verdict was a milter's if it was on the message that has its Message-ID. Where a pipe asks spamd, verdicts come
     *     after qmgr's line, so that there only the lack of a Message-ID makes a message suspicious that is not with qmgr yet.
     */
    private static boolean wasWithMilter(Mail mail, boolean milters, Instant at) {
        if (!milters && mail.messageId != null) {
            return false;
        }
        Instant end = mail.activeAt != null ? mail.activeAt : mail.leftAt;
        return end == null || !end.isBefore(at.minus(REORDER)) && !end.isAfter(at.plus(LEAVING_MILTER));
    }

    /** Whether the message was with qmgr and its filter at that time, or may be there since. */
    private static boolean wasWithQueue(Mail mail, Instant at) {
        if (mail.refused || isElsewhere(mail, at)) {
            return false;
        }
        boolean before = mail.closed != null && mail.leftAt != null && mail.leftAt.isBefore(at.minus(REORDER));
        boolean active = mail.activeAt != null ? !mail.activeAt.isAfter(at.plus(REORDER)) : mail.leftAt != null;
        boolean late = mail.firstLeftAt != null && mail.firstLeftAt.isAfter(at.plus(LEAVING));
        return active && !before && !late;
    }

    /** Whether its own verdict may be on a line that has changed places with what was heard of it last. */
    private boolean mayBeLate(Mail other, Instant now) {
        return !ended && !now.isAfter(lastOf(other).plus(REORDER));
    }

    /** Of a suspect, whether nothing more is to come that might clear it. */
    private boolean isKnownToHaveBeenThere(Mail other, boolean milters, Waiting verdict, Instant now) {
        boolean pastMilter = other.activeAt != null || other.leftAt != null;
        boolean lateLines = !milters && !ended && isWorthwhile(verdict, LEAVING_MILTER, now);
        return pastMilter && !lateLines && wasWithMilter(other, milters, verdict.at())
                || hasLeft(other, verdict.at()) && wasWithQueue(other, verdict.at());
    }

    private static boolean fitsAsWell(Mail other, Mail found, long size) {
        if (size <= 0 || other.size <= 0 || found.size <= 0) {
            return true;
        }
        return Math.abs(size - other.size) <= Math.abs(size - found.size) + SAME_SLACK;
    }

    /**
     * Whether a verdict on a Message-ID that nobody knows may have been on it at about that time. Of messages with a Message-ID, which are
     * still with the filter, their own is waited for.
     */
    private static boolean wasAbout(Mail mail, Instant at) {
        boolean before = mail.leftAt != null && mail.leftAt.isBefore(at.minus(LEAVING));
        Instant from = mail.leftAt == null || mail.messageId == null ? mail.since : mail.leftAt;
        return !before && !from.isAfter(at.plus(LEAVING)) && (mail.leftAt != null || mail.messageId == null);
    }

    /** How many verdicts are on messages that nobody knows by their Message-ID, at about that time. */
    private int nobodys(Waiting verdict) {
        int count = 0;
        for (Waiting each : waiting) {
            boolean about = !each.at().isBefore(verdict.at().minus(LEAVING))
                    && !each.at().isAfter(verdict.at().plus(LEAVING));
            count += about && each.key != null && open.withMessageId(each.key) == null ? 1 : 0;
        }
        return count;
    }

    private static boolean isSameSender(Mail a, Mail b) {
        return Objects.equals(a.client, b.client) && Objects.equals(a.account, b.account);
    }

    /** pickup took a message with this Message-ID header, which may tell which verdict was on which message. */
    void cameBack(String header, @Nullable String sender, Instant at) {
        CameBack back = CameBack.of(header, sender, at);
        if (!resolve(back) && isAwaited(header)) {
            if (early.size() >= MOST_WAITING) {
                early.remove();
            }
            early.add(back);
            changed = true;
        }
    }

    /** Whether the verdict on a message with this header has not come yet. */
    private boolean isAwaited(String header) {
        String key = MessageIds.asSpamdPrints(header);
        for (Mail mail = key == null ? null : open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            if (header.equals(mail.lastMessageId) && mail.parent == null && mail.isAnswerable()) {
                return !mail.isJudged();
            }
        }
        return false;
    }

    /** Messages that came back before the verdicts on them, or on others with their Message-ID, may tell by now of these. */
    void resolveEarly(Instant now) {
        Set<String> keys = new HashSet<>();
        for (Waiting next : waiting) {
            if (next.key != null) {
                keys.add(next.key);
            }
        }
        for (CameBack next : List.copyOf(early)) {
            boolean due = !next.at().plus(REORDER).isAfter(now) && next.key() != null && keys.contains(next.key());
            if (next.at().plus(PATIENCE).isBefore(now) || due && resolve(next)) {
                early.remove(next);
                changed = true;
            }
        }
    }

    /** Whether it has come back, and its verdict may be known yet. */
    boolean isBack(Mail mail) {
        return !mail.isJudged()
                && mail.parent == null
                && !early.isEmpty()
                && early.stream().anyMatch(next -> next.header().equals(mail.lastMessageId));
    }

    private boolean resolve(CameBack back) {
        String key = back.key();
        if (key == null || waiting.isEmpty()) {
            return false;
        }
        List<Waiting> verdicts =
                waiting.stream().filter(next -> key.equals(next.key)).toList();
        if (verdicts.isEmpty()) {
            return false;
        }
        int unjudged = 0;
        Mail found = null;
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            boolean wasThere = mayBeOn(mail, back.at()) || mayBeOnAny(mail, verdicts);
            unjudged += wasThere && !mail.isJudged() ? 1 : 0;
            if (!back.header().equals(mail.lastMessageId) || mail.parent != null || !isCandidate(mail)) {
                continue;
            }
            if (isUnknown(mail) || found != null && !isSameSender(found, mail)) {
                return false;
            }
            found = found == null || found.isJudged() || !mail.isJudged() ? mail : found;
        }
        Waiting own = isUnanimous(verdicts) ? any(verdicts, unjudged, back) : inTurn(key, verdicts, unjudged, back);
        if (own == null
                || found == null
                || !Objects.equals(found.sender, back.sender())
                || !isAbout(found.size, own.size)
                || wasOtherwise(found, own) // this one was on a message that did not come back
                || isLeftOver(own, key, found)) {
            return false;
        }
        own.meant = found;
        changed = true;
        return true;
    }

    /**
     * Whether the verdict may be one more on somebody else's message, which another one like it was on: the filter asks for each
     * of several recipients.
     */
    private boolean isLeftOver(Waiting verdict, String key, Mail found) {
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            boolean gone = mail.leftAt != null && mail.leftAt.plus(REORDER).isBefore(verdict.at());
            boolean alike = mail.judgement() == verdict.verdict.judgement();
            if (alike && !gone && mayBeOn(mail, verdict.at()) && !isSameSender(mail, found)) {
                return true;
            }
        }
        return false;
    }

    private static boolean mayBeOnAny(Mail mail, List<Waiting> verdicts) {
        return verdicts.stream().anyMatch(verdict -> mayBeOn(mail, verdict.at()));
    }

    private static boolean isUnanimous(List<Waiting> verdicts) {
        return verdicts.stream()
                        .map(next -> next.verdict.judgement())
                        .distinct()
                        .count()
                == 1;
    }

    /** One that no other message has; null if some message's own may have not come yet, or never will. */
    private static @Nullable Waiting any(List<Waiting> verdicts, int unjudged, CameBack back) {
        if (unjudged > verdicts.size()) {
            return null;
        }
        return verdicts.stream()
                .filter(next -> next.meant == null && !next.at().isAfter(back.at()))
                .findFirst()
                .orElse(null);
    }

    /** Its own, if all have come back, each one well before the next verdict. */
    private @Nullable Waiting inTurn(String key, List<Waiting> verdicts, int unjudged, CameBack back) {
        if (verdicts.size() != unjudged) {
            return null;
        }
        List<CameBack> backs = new ArrayList<>();
        for (CameBack next : early) {
            if (!next.equals(back) && key.equals(next.key())) {
                backs.add(next);
            }
        }
        backs.add(back);
        backs.sort(Comparator.comparing(CameBack::at));
        if (backs.size() != unjudged) {
            return null;
        }
        for (int i = 0; i < unjudged; i++) {
            Instant at = backs.get(i).at();
            boolean beforeNext = i + 1 == unjudged
                    || at.plus(REORDER).isBefore(verdicts.get(i + 1).at());
            if (verdicts.get(i).at().isAfter(at) || !beforeNext) {
                return null;
            }
        }
        return verdicts.get(backs.indexOf(back));
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
        row.number(waiting.size());
        for (Waiting each : waiting) {
            row.text(each.key);
            row.number(each.size);
            each.verdict.write(row);
            row.flag(each.beforeQueue);
            row.number(each.meant == null ? -1 : each.meant.serial);
        }
        row.number(early.size());
        for (CameBack each : early) {
            row.text(each.header());
            row.text(each.sender());
            row.time(each.at());
        }
        return row.toBytes();
    }

    /** @param mails the messages that were read back, by serial number; null for one that is not there */
    void restore(RowReader row, LongFunction<@Nullable Mail> mails) {
        for (long left = row.number(); left > 0; left--) {
            Waiting verdict = new Waiting(row.text(), row.number(), Pending.read(row), row.flag());
            verdict.meant = mails.apply(row.number());
            waiting.add(verdict);
        }
        for (long left = row.number(); left > 0; left--) {
            early.add(CameBack.of(row.someText(), row.text(), Objects.requireNonNull(row.time())));
        }
        ask();
    }
}
