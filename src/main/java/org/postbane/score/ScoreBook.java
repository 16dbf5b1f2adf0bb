package org.postbane.score;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Deed.Trial;
import org.postbane.correlate.Origin;
import org.postbane.model.Judgement;
import org.postbane.model.RejectKind;
import org.postbane.model.Subject;

/**
 * The book in which every jail keeps the standings of its subjects. What each deed does, in each jail that looks at mail of
 * its direction and knows whom to judge:
 *
 * <ul>
 *   <li>{@link Deed.Judged} is a trial of honesty, ham too, in each jail that weighs anything that messages do and asks for
 *       certainty. It adds no points and is not passed on: the victims that follow are.
 *   <li>{@link Deed.Victims} adds the weight of the judgement for each victim.
 *   <li>{@link Deed.Trapped} is a trial and adds the weight of a trap hit.
 *   <li>{@link Deed.Refused} adds the weight of its kind of refusal, or else that of any refusal; {@link Deed.AuthFailed} and
 *       {@link Deed.Misbehaved} add their weights.
 *   <li>{@link Deed.Unjudged} changes nothing.
 * </ul>
 *
 * Each change of points is an offence on record and is passed on as {@link Scored}.
 *
 * <p>For the pipeline thread only. Standings are read from the store when first touched; changed ones are kept until {@link
 * #flush}, which must be called before the store commits. About 20,000 changes at most wait (then they are handed to
 * the store early, into the same transaction), and as many unchanged standings at most are kept for reading.
 *
 * <p>Shortcomings: a trial that is taken back ({@link Trial#HAM_TO_SPAM}) is taken back whole, though it may have faded a
 * little since. Of the numbers that people are told, the messages are all bad ones, of kinds that the jail does not weigh
 * too, and neither is corrected when a verdict changes.
 */
public final class ScoreBook implements Consumer<Deed>, Deed.Visitor {

    private static final int MAX_WAITING = 20_000;

    private final @Nullable ScoreStore store; // null: nothing is saved, all is kept here
    private final Consumer<Scored> next;
    private final List<Ledger> ledgers = new ArrayList<>();
    private final List<Offence> offences = new ArrayList<>();
    private final EvidenceText text = new EvidenceText();
    private final Subjects subjects = new Subjects();
    private final boolean weighsRejectKinds;

    public ScoreBook(List<Weighing> jails, ScoreStore store, Consumer<Scored> next) {
        this(store, jails, next);
    }

    private ScoreBook(@Nullable ScoreStore store, List<Weighing> jails, Consumer<Scored> next) {
        this.store = store;
        this.next = next;
        for (Weighing jail : jails) {
            ledgers.add(new Ledger(jail, store, Math.max(1000, MAX_WAITING / jails.size() / 2)));
        }
        weighsRejectKinds = jails.stream()
                .anyMatch(jail -> Arrays.stream(RejectKind.values())
                        .map(ScoreBook::kind)
                        .anyMatch(kind -> kind != null && jail.weighs(kind)));
    }

    /**
     * A book for one replay, which has no store: it keeps all standings itself, some 250 bytes for each subject and
     * jail, and records no offences. With a store in memory the same took twice the CPU time.
     */
    public static ScoreBook forReplay(List<Weighing> jails, Consumer<Scored> next) {
        return new ScoreBook(null, jails, next);
    }

    @Override
    public void accept(Deed deed) {
        subjects.of(deed.origin());
        deed.accept(this);
    }

    @Override
    public void visit(Deed.Victims deed) {
        OffenceKind kind = kind(deed.judgement());
        if (kind != null) {
            offence(deed, kind, deed.count(), deed.count(), Trial.UNCHANGED);
        }
    }

    @Override
    public void visit(Deed.Refused deed) {
        offence(deed, OffenceKind.REJECT, weighsRejectKinds ? kind(deed.kind()) : null, 1, 0, Trial.UNCHANGED);
    }

    @Override
    public void visit(Deed.Misbehaved deed) {
        OffenceKind kind = switch (deed.fault()) {
            case PROTOCOL -> OffenceKind.PROTOCOL_ERROR;
            case BROKEN_OFF -> OffenceKind.LOST_CONNECTION;
            case RATE_LIMIT -> OffenceKind.RATE_LIMIT;
            case POSTSCREEN -> OffenceKind.POSTSCREEN;
        };
        offence(deed, kind, 1, 0, Trial.UNCHANGED);
    }

    @Override
    public void visit(Deed.AuthFailed deed) {
        offence(deed, OffenceKind.AUTH_FAILURE, 1, 0, Trial.UNCHANGED);
    }

    @Override
    public void visit(Deed.Unjudged deed) {}

    /** Hands all changes to the store. To be called before the store commits. */
    public void flush() {
        for (Ledger ledger : ledgers) {
            ledger.flush();
        }
        if (store != null) {
            offences.forEach(store::append);
        }
        offences.clear();
    }

    /**
     * Forgets what the subject did, in all jails, good and bad: called when an operator lifts its ban, as else the old
     * points would ban it again at its next trifle (fail2ban forgets the failures too). Its offences stay on record.
     */
    public void forgive(Subject subject) {
        for (Ledger ledger : ledgers) {
            Ledger.Entry entry = ledger.find(subject);
            if (entry != null) {
                ledger.put(entry, Standing.clean(entry.standing().asOf()));
            }
        }
    }

    /** The standing in a jail, as last changed; null where the jail has never heard of the subject, or is none. */
    public @Nullable Standing standing(String jail, Subject subject) {
        for (Ledger ledger : ledgers) {
            if (ledger.weighing().jail().equals(jail)) {
                Ledger.Entry entry = ledger.find(subject);
                return entry == null ? null : entry.standing();
            }
        }
        return null;
    }

    @Override
    public void visit(Deed.Judged deed) {
        text.judged(deed);
        if (deed.trial() == Trial.UNCHANGED) {
            return;
        }
        for (Ledger ledger : ledgers) {
            Subject subject = subjectIn(ledger, deed.origin());
            if (subject != null && (ledger.weighsTrials() || weighs(ledger, deed.judgement()))) {
                add(ledger, ledger.get(subject, deed.at()), deed, deed.trial(), 0, 0);
            }
        }
        makeRoom();
    }

    @Override
    public void visit(Deed.Delivered deed) {}

    /** Also a trial for jails that do not weigh traps. */
    @Override
    public void visit(Deed.Trapped deed) {
        if (deed.isAnswer()) {
            return;
        }
        for (Ledger ledger : ledgers) {
            Subject subject = subjectIn(ledger, deed.origin());
            if (subject != null && ledger.weight(OffenceKind.TRAP) == 0 && ledger.weighsTrials()) {
                add(ledger, ledger.get(subject, deed.at()), deed, deed.trial(), 0, 0);
            }
        }
        offence(deed, OffenceKind.TRAP, 1, 0, deed.trial());
    }

    private static void add(Ledger ledger, Ledger.Entry entry, Deed deed, Trial trial, double weight, int victims) {
        int spam = trial == Trial.SPAM || trial == Trial.HAM_TO_SPAM ? 1 : 0;
        int ham = trial == Trial.HAM ? 1 : trial == Trial.HAM_TO_SPAM ? -1 : 0;
        ledger.add(entry, deed.at(), weight, spam, ham, victims, spam);
    }

    private static boolean weighs(Ledger ledger, Judgement judgement) {
        OffenceKind kind = kind(judgement);
        return kind != null && ledger.weight(kind) > 0;
    }

    private void offence(Deed deed, OffenceKind kind, int count, int victims, Trial trial) {
        offence(deed, kind, null, count, victims, trial);
    }

    /** @param special counts instead of {@code general} in jails that weigh it */
    private void offence(
            Deed deed, OffenceKind general, @Nullable OffenceKind special, int count, int victims, Trial trial) {
        String evidence = null;
        for (Ledger ledger : ledgers) {
            OffenceKind kind = special != null && ledger.weight(special) > 0 ? special : general;
            double weight = ledger.weight(kind) * count;
            Subject subject = weight > 0 ? subjectIn(ledger, deed.origin()) : null;
            if (subject == null) {
                continue;
            }
            Weighing weighing = ledger.weighing();
            Ledger.Entry entry = ledger.get(subject, deed.at());
            add(ledger, entry, deed, trial, weight, victims);
            Standing standing = entry.standing();
            if (store != null) {
                evidence = evidence == null ? text.of(deed) : evidence;
                offences.add(new Offence(deed.at(), entry.subject(), weighing.jail(), kind, weight, evidence));
            }
            next.accept(new Scored(
                    deed.at(),
                    weighing,
                    entry.subject(),
                    standing.pointsAt(standing.asOf(), weighing.memory()),
                    standing));
        }
        makeRoom();
    }

    private @Nullable Subject subjectIn(Ledger ledger, Origin origin) {
        return ledger.looksAt(origin) ? subjects.as(ledger.weighing().subject()) : null;
    }

    private void makeRoom() {
        int waiting = offences.size();
        for (Ledger ledger : ledgers) {
            waiting += ledger.changed();
        }
        if (waiting > MAX_WAITING) {
            flush();
        }
    }

    private static @Nullable OffenceKind kind(RejectKind kind) {
        return switch (kind) {
            case UNKNOWN_USER -> OffenceKind.REJECT_UNKNOWN_USER;
            case RELAY -> OffenceKind.REJECT_RELAY;
            case DNSBL -> OffenceKind.REJECT_DNSBL;
            case HELO -> OffenceKind.REJECT_HELO;
            case SENDER -> OffenceKind.REJECT_SENDER;
            case LOGIN_MISMATCH -> OffenceKind.REJECT_LOGIN_MISMATCH;
            case ACCESS -> OffenceKind.REJECT_ACCESS;
            case POLICY -> OffenceKind.REJECT_POLICY;
            case PROTOCOL, OTHER -> null;
        };
    }

    private static @Nullable OffenceKind kind(Judgement judgement) {
        return switch (judgement) {
            case SPAM -> OffenceKind.SPAM;
            case VIRUS -> OffenceKind.VIRUS;
            case BANNED -> OffenceKind.BANNED;
            case CLEAN, UNCHECKED, TEMPORARY -> null;
        };
    }
}
