package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;

/**
 * Finds out on which messages verdicts are that name a Message-ID only, from all that is known at one moment. Why it asks
 * what it asks is said at {@link ByMessageId}.
 *
 * <p>To be made anew when anything was heard of a message or a verdict; of its own findings it is told by {@link #found}.
 */
final class Placement {

    /**
     * So long what has its Message-ID may still turn out to have been with the filter. For good then: where it never leaves, the line that
     * it left may be lost.
     */
    private static final Duration SAME_ID = Stay.LEAVING_MILTER.minusSeconds(2);
    /** So many verdicts on one Message-ID, and messages that have it, are told apart by what others may be on. */
    private static final int MOST_ALIKE = 16;
    /** So many pairs of a verdict and a message of one Message-ID are looked at; of more, nothing is believed. */
    static final int MOST_PAIRS = 1024;
    /** So many messages are looked at in all, some of them often; then what is not certain yet has to wait. */
    private static final int MOST_WORK = 1_000_000;

    private final OpenMessages open;
    /** Nothing more is to be heard of the messages. */
    private final boolean ended;

    private final Waiting waiting;
    /** Clients' messages that may have been with a filter. */
    private final List<Mail> around;
    /** Messages that verdicts were found on. */
    private final Set<Mail> found = new HashSet<>();
    /** How much was looked at. */
    private int work;

    // what was asked for already, by Message-ID
    private final Map<String, List<Mail>> mailsById = new HashMap<>();
    private final Map<String, List<Mail>> othersById = new HashMap<>();
    private final Map<String, @Nullable Matching> matchings = new HashMap<>();

    /** @param around clients' messages that may have been with a filter, whatever their Message-IDs */
    Placement(OpenMessages open, boolean ended, Waiting waiting, List<Mail> around) {
        this.open = open;
        this.ended = ended;
        this.waiting = waiting;
        this.around = around;
        findOthers();
    }

    /**
     * What can be said of a verdict.
     *
     * @param mail which it is on, or which all that differ are on; null for other kinds
     */
    record Answer(Kind kind, @Nullable Mail mail) {

        static final Answer OPEN = new Answer(Kind.OPEN, null);
        static final Answer ANYBODYS = new Answer(Kind.ANYBODYS, null);

        enum Kind {
            /** It is on this message. */
            ON,
            /** That is not certain yet. */
            OPEN,
            /** It may be on several clients' messages, and always will. */
            ANYBODYS,
            /** It can only be on this message, but so can others that say something else. */
            CONTRADICTED
        }
    }

    /**
     * On which message the verdict is.
     *
     * @param verdict one of those that wait, and is open
     */
    Answer of(Unplaced verdict, Instant now) {
        String key = verdict.key;
        if (isCrowd(key)) {
            return Answer.ANYBODYS;
        }
        Instant settled = verdict.at().plus(SAME_ID);
        Instant alike = settled.isBefore(now) ? settled : now;
        List<Mail> there = new ArrayList<>();
        List<Mail> later = new ArrayList<>();
        boolean oneSender = true;
        for (Mail mail : withMessageId(key)) {
            Stay stay = Stay.of(mail, verdict, alike);
            if (stay == Stay.THERE) {
                oneSender &= Fit.isSameSender(mail, there.isEmpty() ? mail : there.get(0));
                there.add(mail);
            }
            if (stay == Stay.LATER) {
                later.add(mail);
            }
        }
        if (there.isEmpty()) {
            return Answer.OPEN;
        }
        Mail one = oneSender ? rather(there, verdict, alike) : leftOver(verdict, key, alike, now);
        if (one == null || !Fit.isKnown(one)) {
            return Answer.OPEN;
        }
        for (Mail mail : later) {
            if (!Fit.isSameSender(mail, one) || hasOne(one) && !ended) {
                return Answer.OPEN; // another one of this client's, as this one has a verdict
            }
        }
        if (there.size() == 1 && isContradicted(one, verdict, now)) {
            return new Answer(Answer.Kind.CONTRADICTED, one);
        }
        return switch (doubt(one, verdict, true, now)) {
            case THERE -> Answer.ANYBODYS;
            case LATER -> Answer.OPEN;
            case OUT -> new Answer(Answer.Kind.ON, one);
        };
    }

    /** That verdict was taken for one on this message. */
    void found(Unplaced verdict, Mail mail) {
        found.add(mail);
        matchings.remove(verdict.key);
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

    /** One client's messages are judged in the order in which they came. These are the youngest first. */
    private @Nullable Mail rather(List<Mail> there, Unplaced verdict, Instant now) {
        Mail one = null;
        for (Mail mail : there) {
            boolean milters = isMilters(mail, verdict) && mail.activeAt != null;
            boolean onHold = mail.leftMilter && Stay.beforeQueue(mail, verdict, now) == Stay.THERE;
            boolean may = milters || onHold || Stay.behindQueue(mail, verdict, now) == Stay.THERE;
            if (may && !Fit.isOtherSize(mail, verdict.size) && (one == null || !hasOne(mail) || hasOne(one))) {
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
        for (Unplaced each : waiting.on(key)) {
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
            found = found != null && Fit.isKnown(mail) && Fit.isSameSender(mail, found) ? found : null;
        }
        if (found == null && isOneForEach(verdict, verdicts, mails, alike)) {
            found = possible.stream()
                    .filter(mail -> Fit.isKnown(mail) && !hasOne(mail))
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
        Instant before = verdict.at().minus(Fit.OVER);
        for (Mail other : around) {
            if (other.closed != null && other.leftAt != null && other.leftAt.isBefore(before)) {
                continue; // as most are
            }
            if (isTooMuch(1)) {
                return Stay.LATER;
            }
            if (Fit.isSameSender(other, found) || !mayHaveLost(other, verdict)) {
                continue;
            }
            Stay stay = stay(other, found, verdict, now);
            if (stay == Stay.OUT || stay == Stay.LATER && !further || isJudged(other, now)) {
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
                Stay doubt = further && verdict.isFine() ? doubt(found, each, false, now) : Stay.OUT;
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
                && !Fit.isOtherSize(other, verdict.size)
                && !isKeyOf(verdict.key, other);
    }

    /** The verdicts one of which is the message's own, if its Message-ID is the one that is known; none if there are too few. */
    private List<Unplaced> own(Mail other, Instant now) {
        List<Unplaced> own = new ArrayList<>();
        String key = other.messageIdKey();
        if (key == null) {
            return own;
        }
        for (Unplaced each : waiting.on(key)) {
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
        List<Unplaced> verdicts = waiting.on(key);
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
        for (Unplaced each : waiting.all()) {
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
        for (Unplaced other : waiting.on(verdict.key)) {
            differ |= isOn(mail, other, now) && other.verdict.judgement() != verdict.verdict.judgement();
        }
        if (differ && mail.doubted == null) {
            Matching matching = matching(verdict.key, now);
            differ = matching == null || !matching.isWhole();
        }
        return differ;
    }

    private static boolean wasOtherwise(Mail mail, Unplaced verdict) {
        Judgement now = verdict.verdict.judgement();
        return mail.isJudged() && mail.judgement() != now || mail.doubted != null && mail.doubted != now;
    }

    /** Whether the verdict waits, and this message may be what it is on. */
    static boolean isOn(Mail mail, Unplaced verdict, Instant now) {
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
        for (Unplaced each : waiting.on(key)) {
            if (each.placed != null && Fit.isSameSender(each.placed, mail)) {
                verdicts.add(each);
            }
        }
        int left = verdicts.size();
        Mail other = left == 0 ? null : open.withMessageId(key);
        for (; other != null; other = other.nextOfMessageId) {
            if (other != mail && Fit.isSameSender(other, mail) && mayHaveAny(verdicts, other, now)) {
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

    /** Whether the work of this call has become too much; then nothing is certain. */
    private boolean isTooMuch(int more) {
        work += more;
        return work > MOST_WORK;
    }

    /** Somebody floods us with one Message-ID: what came of each pair would take too long to find out. */
    private boolean isCrowd(String key) {
        return (long) waiting.on(key).size() * withMessageId(key).size() > MOST_PAIRS;
    }
}
