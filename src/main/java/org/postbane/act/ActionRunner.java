package org.postbane.act;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An {@link Action} on a thread of its own. It begins with a reconcile, which may start before all
 * bans are read ({@link #restore}), then applies what is submitted, at most {@value
 * #BATCH} changes at once.
 *
 * <p>Threads: all public methods may be called from any; {@link #submit} waits for the action never, only, for some
 * microseconds, for the lock of the queue (a millisecond for 100,000 bans when a reconcile begins).
 *
 * <p>Memory: the bans in force, and a queue with the newest state of each subject. Of more than {@value #QUEUE} changes
 * none is kept: a reconcile from the bans in force says the same.
 *
 * <p>Errors: the first failure is one WARN; then a reconcile is tried after one second, two, four, up to a minute, and
 * one INFO tells that it worked. An unchecked exception is our bug: it ends the thread by way of its handler of
 * uncaught exceptions.
 *
 * <p>Known shortcomings: an action that never returns blocks {@link #close} for {@link #CLOSING} and then stays behind,
 * unclosed, on a daemon thread.
 */
public final class ActionRunner implements AutoCloseable {

    static final int BATCH = 1000;
    static final int QUEUE = 20_000;
    private static final Duration CLOSING = Duration.ofSeconds(10);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(ActionRunner.class);

    /**
     * What an operator wants to know of an action.
     *
     * @param bans subjects that should be kept out
     * @param pending changes that wait; 0 also when a reconcile will include them
     * @param applied changes that were applied since the start, reconciles not counted
     * @param failures calls that failed since the start
     * @param lastError what the last call said if it failed; empty while all is well
     */
    public record Status(
            String name,
            int bans,
            int pending,
            long applied,
            long reconciles,
            long failures,
            Optional<String> lastError) {}

    private final Action action;
    private final Duration firstPause;
    private final Thread thread;

    /** The bans of the start. */
    private final Arrivals arrivals = new Arrivals();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Condition done = lock.newCondition();
    // all below: guarded by lock
    private final Roster roster = new Roster();
    private final Map<Subject, Decision> pending = new LinkedHashMap<>();
    private boolean reconcileWanted;
    private boolean arriving = true;
    private boolean busy;
    private boolean closing;
    private boolean ended;
    private int failuresInRow;
    private long applied;
    private long reconciles;
    private long failures;
    private @Nullable String lastError;

    private ActionRunner(Action action, Duration firstPause) {
        this.action = action;
        this.firstPause = firstPause;
        thread = new Thread(this::loop, "action-" + action.name());
        thread.setDaemon(true);
    }

    /**
     * Starts the thread, which first of all makes what {@link #restore} brings hold.
     *
     * @param action closed by this object
     */
    public static ActionRunner start(Action action) {
        return start(action, FIRST_PAUSE);
    }

    /** @param firstPause time between a failure and the first retry */
    static ActionRunner start(Action action, Duration firstPause) {
        ActionRunner runner = new ActionRunner(action, firstPause);
        runner.thread.start();
        return runner;
    }

    /**
     * Some of the bans in force that name this action, of any jails. Returns at once; the action may begin with them.
     *
     * @param part not changed afterwards
     */
    public void restore(List<Ban> part) {
        List<Ban> first = new ArrayList<>(part.size());
        List<Decision> later = new ArrayList<>();
        lock.lock();
        try {
            for (Ban ban : part) {
                if (roster.takeFirst(ban)) {
                    first.add(ban);
                } else { // a second jail bans it, perhaps for longer
                    Decision change = roster.apply(new Decision.Impose(ban));
                    if (change != null) {
                        later.add(change);
                    }
                }
            }
        } finally {
            lock.unlock();
        }
        arrivals.put(first, later);
    }

    /** All bans in force were given to {@link #restore}; to be called once, before {@link #submit}. */
    public void allRestored() {
        arrivals.end();
    }

    public String name() {
        return action.name();
    }

    /** Hands on decisions of a committed batch. Returns at once; nothing happens after {@link #close}. */
    public void submit(List<Decision> decisions) {
        lock.lock();
        try {
            for (Decision decision : decisions) {
                Decision change = roster.apply(decision);
                if (change != null && !reconcileWanted) {
                    Subject subject = change.ban().subject();
                    pending.remove(subject); // the order is that of the newest changes
                    pending.put(subject, change);
                }
            }
            if (pending.size() > QUEUE) {
                pending.clear();
                reconcileWanted = true;
            }
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Asks for a reconcile with the bans in force, e.g. since someone else may have changed the place. Returns at once. */
    public void requestReconcile() {
        lock.lock();
        try {
            reconcileWanted = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    public Status status() {
        lock.lock();
        try {
            return new Status(
                    action.name(),
                    roster.size(),
                    pending.size(),
                    applied,
                    reconciles,
                    failures,
                    Optional.ofNullable(lastError));
        } finally {
            lock.unlock();
        }
    }

    /** Waits until all that was submitted holds. False if it does not after {@code patience}, or the thread has ended before. */
    public boolean awaitIdle(Duration patience) throws InterruptedException {
        long left = patience.toNanos();
        lock.lock();
        try {
            while (hasWork() || busy) {
                if (left <= 0 || ended) {
                    return false;
                }
                left = done.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean hasWork() {
        return arriving || reconcileWanted || !pending.isEmpty();
    }

    /** Does what is still to be done, unless the action was failing, ends the thread and closes the action. Bans stay in force. */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            arrivals.cancel();
            work.signal();
        } finally {
            lock.unlock();
        }
        try {
            thread.join(CLOSING.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the caller is in a hurry: the thread ends in its own time
        }
    }

    private void loop() {
        try (action) {
            Work next = next();
            while (next != null) {
                next.finished(next.perform());
                next = next();
            }
        } finally {
            lock.lock();
            try {
                ended = true;
                done.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Waits for work; null when the thread is to end. */
    private @Nullable Work next() {
        lock.lock();
        try {
            long pause = pause().toNanos();
            while (!closing && (pause > 0 || !hasWork())) {
                if (pause > 0) {
                    pause = work.awaitNanos(pause);
                } else {
                    work.await();
                }
            }
            if (!hasWork() || closing && failuresInRow > 0) {
                return null;
            }
            busy = true;
            if (arriving) {
                arriving = false;
                return new Work(List.of(), List.of(), true, true);
            }
            if (reconcileWanted) {
                reconcileWanted = false;
                pending.clear();
                return new Work(roster.inForce(), List.of(), true, false);
            }
            List<Decision> batch = new ArrayList<>(Math.min(BATCH, pending.size()));
            Iterator<Decision> changes = pending.values().iterator();
            while (changes.hasNext() && batch.size() < BATCH) {
                batch.add(changes.next());
                changes.remove();
            }
            return new Work(List.of(), batch, false, false);
        } catch (InterruptedException e) {
            return null; // nobody of ours interrupts this thread: the process is ending
        } finally {
            lock.unlock();
        }
    }

    private Duration pause() {
        if (failuresInRow == 0) {
            return Duration.ZERO;
        }
        Duration pause = firstPause.multipliedBy(1L << Math.min(failuresInRow - 1, 10));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }

    /** One call of the action. */
    private final class Work {

        private final List<Ban> bans;
        private final List<Decision> changes;
        private final boolean reconcile;
        private final boolean first;

        Work(List<Ban> bans, List<Decision> changes, boolean reconcile, boolean first) {
            this.bans = bans;
            this.changes = changes;
            this.reconcile = reconcile;
            this.first = first;
        }

        /** Without the lock. Null if it went well. */
        @Nullable
        ActionException perform() {
            try {
                if (first) {
                    begin();
                } else if (reconcile) {
                    action.reconcile(bans);
                } else {
                    action.apply(changes);
                }
                return null;
            } catch (ActionException e) {
                return e;
            }
        }

        private void begin() throws ActionException {
            try {
                try {
                    action.reconcile(arrivals);
                } finally {
                    arrivals.forEachRemaining(
                            part -> {}); // the next try is from the roster, which must be whole by then
                }
            } catch (CancellationException e) {
                throw new ActionException(action.name() + ": ended before all bans were read", e);
            }
            List<Decision> changes = arrivals.changes();
            for (int from = 0; from < changes.size(); from += BATCH) {
                action.apply(changes.subList(from, Math.min(from + BATCH, changes.size())));
            }
        }

        void finished(@Nullable ActionException failure) {
            lock.lock();
            try {
                busy = false;
                if (failure == null) {
                    succeeded();
                } else {
                    failed(failure);
                }
                done.signalAll();
            } finally {
                lock.unlock();
            }
        }

        private void succeeded() {
            if (failuresInRow > 0) {
                LOG.info("{}: works again, {} bans in force", action.name(), bans.size());
            }
            failuresInRow = 0;
            lastError = null;
            applied += changes.size();
            reconciles += reconcile ? 1 : 0;
        }

        private void failed(ActionException failure) {
            failures++;
            failuresInRow++;
            lastError = String.valueOf(failure.getMessage());
            reconcileWanted = true;
            pending.clear();
            if (failuresInRow == 1 && !closing) {
                LOG.warn("{} (will be tried again until it works)", lastError);
            }
        }
    }
}
