package org.postbane.act;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;

/**
 * Makes bans hold in one place outside this program, such as an nftables set or a Postfix map. All methods are
 * idempotent and are called from one thread. A subject occurs once only: where several jails ban it, the caller hands on
 * the ban that lasts longest. Subjects that the place cannot hold (an account in a firewall) are passed over.
 */
public interface Action extends AutoCloseable {

    /** The name in the configuration. */
    String name();

    /** Makes the bans in force exactly {@code bans}. Called at start, after a failure and at intervals. */
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

    /** Releases resources. Bans stay in force: a restart must not open the door. */
    @Override
    void close();
}
