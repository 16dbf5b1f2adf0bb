package org.postbane.decide;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Decision.Cause;
import org.postbane.decide.Sentencing.Term;
import org.postbane.model.Subject;
import org.postbane.score.Scored;
import org.postbane.score.Weighing;

/**
 * The judge: bans whose standing is over its jail's limit, with the certainty asked, if no guard is against it; and
 * releases whose time has come.
 *
 * <p>A ban already in force stays as it is, if its term is fixed. If its term is until the score has decayed, a further
 * offence prolongs it, in place: same beginning, later end, new reason. Only by a second at least, and by a hundredth of what
 * is left of it at least: each change is a row, and a command to every firewall, and one message with many recipients would
 * make dozens that change nothing. What is left out for that comes with the next offence, or ends the ban a hundredth early;
 * the next offence then bans again.
 *
 * <p>When a ban has ended at the time of a standing, it counts as ended even if {@link #expire} was not called yet: a replay
 * gives the same bans however often time is told.
 *
 * <p>Lifting by hand does not make the old points disappear: who lifts must also have the score forgiven (the score book's
 * {@code forgive}), or the next trifle bans again.
 *
 * <p>For the pipeline thread only. Memory: the bans in force, which {@link #restore} reads from the store. All changes go to
 * the store, which commits them with the batch; the decisions handed on must not be enforced before that.
 *
 * <p>Shortcoming: no limit to how many are banned at once.
 */
public final class Judge implements Consumer<Scored> {

    private static final double LEAST_CHANGE = 1; // second
    private static final double LEAST_SHARE = 100;

    private final Map<String, Sentencing> jails = new HashMap<>();
    private final Map<String, Bounds> bounds = new HashMap<>();
    private final BanStore store;
    private final Consumer<Decision> next;
    private final BansInForce bans = new BansInForce();
    private Guards guards;
    private long guarded;

    /** @param jails one for each jail that will be scored */
    public Judge(List<Sentencing> jails, Guards guards, BanStore store, Consumer<Decision> next) {
        jails.forEach(jail -> this.jails.put(jail.jail(), jail));
        this.guards = guards;
        this.store = store;
        this.next = next;
    }

    /**
     * Reads the bans in force from the store; to be called once, before anything is judged.
     *
     * @param witness sees each of them at once, while the rest is still being read, also those that have ended meanwhile
     */
    public void restore(Consumer<Ban> witness) {
        store.forEachInForce(ban -> {
            bans.put(ban);
            witness.accept(ban);
        });
    }

    @Override
    public void accept(Scored scored) {
        Sentencing jail = jails.get(scored.weighing().jail());
        if (jail == null) {
            throw new IllegalArgumentException(
                    "no sentence is known for jail " + scored.weighing().jail());
        }
        if (!isOver(scored, jail)) {
            return;
        }
        if (guards.refusal(scored.subject(), scored.at()).isPresent()) {
            guarded++;
            return;
        }
        Ban current = current(scored, jail.jail());
        if (current == null) {
            int earlier = isIncremented(jail) ? store.earlier(scored.subject(), jail.jail()) : 0;
            Instant until = Terms.end(jail, scored, earlier);
            impose(new Ban(scored.subject(), jail.jail(), scored.at(), until, Reason.of(scored, jail)), false);
        } else if (jail.term() instanceof Term.Decay) {
            Instant until = Terms.end(jail, scored, 0);
            if (isMuchLater(current.until(), until, scored.at())) {
                impose(
                        new Ban(current.subject(), current.jail(), current.from(), until, Reason.of(scored, jail)),
                        true);
            }
        }
    }

    /**
     * What a jail asks, reckoned once.
     *
     * @param points from which on a standing is over the limit
     * @param evidence decimal logarithm of E that is asked; below all numbers where none is
     */
    private record Bounds(double points, double evidence) {

        static Bounds of(Sentencing jail, Weighing weighing) {
            boolean asksCertainty = jail.alpha().isPresent() && weighing.weighsTrials();
            return new Bounds(
                    Terms.points(jail.limit(), weighing.scale()),
                    asksCertainty ? -Math.log10(jail.alpha().getAsDouble()) : Double.NEGATIVE_INFINITY);
        }
    }

    private boolean isOver(Scored scored, Sentencing jail) {
        Bounds asked = bounds.get(jail.jail());
        if (asked == null) {
            asked = Bounds.of(jail, scored.weighing());
            bounds.put(jail.jail(), asked);
        }
        return scored.points() >= asked.points
                && (asked.evidence == Double.NEGATIVE_INFINITY
                        || scored.standing().evidence().log10() >= asked.evidence);
    }

    private static boolean isIncremented(Sentencing jail) {
        return jail.term() instanceof Term.Fixed fixed && fixed.increment();
    }

    /** The ban in force; one that has ended by now is lifted first. */
    private @Nullable Ban current(Scored scored, String jail) {
        Ban ban = bans.get(scored.subject(), jail);
        if (ban != null && !ban.until().isAfter(scored.at())) {
            lift(ban, ban.until(), Cause.EXPIRED);
            return null;
        }
        return ban;
    }

    private static boolean isMuchLater(Instant before, Instant until, Instant at) {
        if (!until.isAfter(before)) {
            return false;
        }
        double more = seconds(before, until);
        return more >= LEAST_CHANGE && more * LEAST_SHARE >= seconds(at, before);
    }

    private static double seconds(Instant from, Instant to) {
        return to.getEpochSecond() - from.getEpochSecond() + (to.getNano() - from.getNano()) * 1e-9;
    }

    /** Releases those whose ban has ended at {@code now}. Costs nothing where there are none. */
    public void expire(Instant now) {
        for (Ban ban = bans.ended(now); ban != null; ban = bans.ended(now)) {
            lift(ban, ban.until(), Cause.EXPIRED);
        }
    }

    /**
     * Bans by hand, in the place of the ban of the same subject and jail.
     *
     * @param until after {@code now}; {@link Instant#MAX} for ever
     * @param jail {@link Ban#MANUAL}, or the one whose actions shall make it hold
     * @param reason for people; control characters become blanks
     * @throws GuardedException if a guard is against it
     */
    public Ban ban(Subject subject, Instant until, String jail, String reason, Instant now) throws GuardedException {
        Optional<String> refusal = guards.refusal(subject, now);
        if (refusal.isPresent()) {
            throw new GuardedException(refusal.get());
        }
        Ban ban = new Ban(subject, jail, now, until, reason.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", " "));
        impose(ban, false);
        return ban;
    }

    /** As {@link #ban(Subject, Instant, String, String, Instant)}, for a time; {@link Sentencing#FOREVER} for ever. */
    public Ban ban(Subject subject, Duration time, String jail, String reason, Instant now) throws GuardedException {
        return ban(subject, Terms.plus(now, time), jail, reason, now);
    }

    /**
     * Lifts the bans of exactly this subject, in all jails, by hand. Networks that hold it stay banned ({@link
     * #bansOf}). The caller must have the score of each lifted ban's subject forgiven.
     *
     * @return those lifted; empty if there were none
     */
    public List<Ban> unban(Subject subject, Instant now) {
        return liftAll(bans.of(subject), now, Cause.OPERATOR);
    }

    /** Lifts the ban of exactly this subject in one jail, by hand; empty if there is none. */
    public List<Ban> unban(Subject subject, String jail, Instant now) {
        return liftAll(
                bans.of(subject).stream().filter(ban -> ban.jail().equals(jail)).toList(), now, Cause.OPERATOR);
    }

    /** Lifts all bans of one jail, by hand. */
    public List<Ban> unbanAll(String jail, Instant now) {
        return liftAll(
                bans.all().stream().filter(ban -> ban.jail().equals(jail)).toList(), now, Cause.OPERATOR);
    }

    /** Lifts all bans, by hand; as {@link #unban}. */
    public List<Ban> unbanAll(Instant now) {
        return liftAll(bans.all(), now, Cause.OPERATOR);
    }

    /** From now on these guards are asked. Bans that they would have refused are lifted. */
    public List<Ban> guard(Guards newGuards, Instant now) {
        guards = newGuards;
        List<Ban> refused = bans.all().stream()
                .filter(ban -> guards.refusal(ban.subject(), now).isPresent())
                .toList();
        return liftAll(refused, now, Cause.ALLOWED);
    }

    /** Why the subject could not be banned at {@code at}; empty if it could. */
    public Optional<String> refusal(Subject subject, Instant at) {
        return guards.refusal(subject, at);
    }

    /** How often a guard has saved someone since the start. */
    public long guarded() {
        return guarded;
    }

    /** How many bans are in force. */
    public int count() {
        return bans.size();
    }

    /** A copy, in the order of their ends. */
    public List<Ban> inForce() {
        return bans.all();
    }

    /** A copy: those that keep this subject out, of itself first, then of the networks that hold it, from small to large. */
    public List<Ban> bansOf(Subject subject) {
        return bans.covering(subject);
    }

    private List<Ban> liftAll(List<Ban> lifted, Instant at, Cause cause) {
        lifted.forEach(ban -> lift(ban, at, cause));
        return lifted;
    }

    private void impose(Ban ban, boolean prolongs) {
        bans.put(ban);
        store.save(ban);
        next.accept(new Decision.Impose(ban, prolongs));
    }

    private void lift(Ban ban, Instant at, Cause cause) {
        bans.remove(ban.subject(), ban.jail());
        store.end(ban, at, cause);
        next.accept(new Decision.Lift(ban, cause));
    }
}
