package org.postbane.act;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;

/**
 * Makes bans hold in one place outside this program, such as an nftables set or a Postfix map. All methods are
 * idempotent and are called from one thread. A subject occurs once only: where several jails ban it, the caller hands on
 * the ban that lasts longest. Subjects that the place cannot hold (an account in a firewall) are passed over.
 *
 * <p>Where the place knows no ends of its own, a ban lasts until the {@link Decision.Lift} that comes when it has ended;
 * one that has ended already is not imposed.
 */
public interface Action extends AutoCloseable {

    /** The name in the configuration. */
    String name();

    /** Whether the place can hold this ban; one that it cannot hold is not handed to it by the runner. */
    boolean takes(Ban ban);

    /** Makes the bans in force exactly {@code bans}. The first call of all; then after a failure and at intervals. */
    void reconcile(Collection<Ban> bans) throws ActionException;

    /**
     * The first reconcile, with bans that are still being read. An action may make the first of them hold while others are to
     * come, where nothing that holds now is lost by that; this one waits for all.
     *
     * @param parts waits for the next part; of a subject comes the first ban that was found, a longer one follows by {@link
     *     #apply}
     * @throws java.util.concurrent.CancellationException from {@code parts}: there will be no more, and the rest is unknown
     */
    default void reconcile(Iterator<List<Ban>> parts) throws ActionException {
        List<Ban> all = new ArrayList<>();
        parts.forEachRemaining(all::addAll);
        reconcile(all);
    }

    /** Applies {@code changes} in order, all in one transaction where the place has those. */
    void apply(List<Decision> changes) throws ActionException;

    /**
     * A quick look whether the place is still as this object left it: false where somebody else has changed it, and a
     * reconcile is due. Called every few seconds, when there is nothing else to do, after the first reconcile only. What a
     * quick look cannot see, the reconcile at intervals mends.
     */
    default boolean isIntact() throws ActionException {
        return true;
    }

    /**
     * Whether a {@link #reconcile} removes whatever else is in the place. Where it cannot, since the place cannot be asked, {@link
     * #apply} is also told to lift what ended before this object was made, after the first reconcile; perhaps not for the first
     * time.
     */
    default boolean isExact() {
        return true;
    }

    /** Time between two of these looks. */
    default Duration look() {
        return Duration.ofSeconds(5);
    }

    /** Whether the place itself, asked now, keeps {@code subject} out; empty where it cannot be asked. */
    default Optional<Boolean> holds(Subject subject) throws ActionException {
        return Optional.empty();
    }

    /**
     * What this object has seen kept out so far; empty where the place does not count. Costs some milliseconds, so it is asked
     * only when somebody wants to know.
     */
    default Optional<Counts> counts() throws ActionException {
        return Optional.empty();
    }

    /** Packets of the banned that met the rules of a place, and their bytes. */
    record Counts(long packets, long bytes) {

        static final Counts NONE = new Counts(0, 0);

        Counts plus(Counts other) {
            return new Counts(packets + other.packets, bytes + other.bytes);
        }
    }

    /** How long changes are gathered after each call, where a call is dear, as the rebuilding of a whole map. */
    default Duration pause() {
        return Duration.ZERO;
    }

    /** Releases resources. Bans stay in force: a restart must not open the door. */
    @Override
    void close();
}
