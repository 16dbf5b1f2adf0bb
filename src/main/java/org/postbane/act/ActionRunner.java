package org.postbane.act;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An {@link Action} on a thread of its own. It begins with a reconcile, which may start before all bans are read ({@link
 * #restore}), then applies what is submitted, at most {@value #BATCH} changes at once. While there is nothing to do it has the
 * action look every few seconds whether the place is still as it was left, and reconciles if not.
 *
 * <p>Threads: all public methods may be called from any; {@link #submit} waits for the action never, only, for some
 * microseconds, for the lock of the queue (a millisecond for 100,000 bans when a reconcile begins).
 *
 * <p>Memory: the bans in force, and a queue with the newest state of each subject. Of more than {@value #QUEUE} changes
 * none is kept: a reconcile from the bans in force says the same.
 *
 * <p>Errors: the first failure is one WARN; then a reconcile is tried after one second, two, four, up to a minute, and
 * one INFO tells that it worked. An unchecked exception is a bug, ours or a driver's: it is logged whole, and is a failure like
 * others.
 *
 * <p>Known shortcomings: an action that never returns blocks {@link #close} until {@link #CLOSING} after {@link #end}, and then stays behind,
 * unclosed, on a daemon thread.
 */
public final class ActionRunner implements AutoCloseable {

    static final int BATCH = 1000;
    static final int QUEUE = 20_000;
    private static final Duration CLOSING = Duration.ofSeconds(10);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(ActionRunner.class);

    /** How an action is. */
    public enum State {
        /** The first reconcile is not done yet. */
        STARTING,
        /** All that was decided holds, or soon will. */
        WORKING,
        /** The last call failed. It is tried again from time to time. */
        FAILING,
        /** Emptied by hand: nobody is kept out here until it is restored, or the agent starts again. */
        FLUSHED,
        /** Its thread has ended. */
        ENDED
    }

    /**
     * What an operator wants to know of an action.
     *
     * @param bans subjects that should be kept out
     * @param pending changes that wait; 0 also when a reconcile will include them
     * @param applied changes that were applied since the start, reconciles not counted
     * @param failures calls that failed since the start
     * @param drifts times since the start that somebody else was found to have changed the place
     * @param counts what was kept out since the start, as of the last {@link ActionRunner#count}; empty where nobody counts
     * @param lastError what the last call said if it failed; empty while all is well
     * @param retryIn time until the next try; empty unless it is failing
     */
    public record Status(
            String name,
            State state,
            int bans,
            int pending,
            long applied,
            long reconciles,
            long failures,
            long drifts,
            Optional<Action.Counts> counts,
            Optional<String> lastError,
            Optional<Duration> retryIn) {}

    /**
     * What came of banning a subject for trial, and lifting that ban.
     *
     * @param banned whether the place kept it out while it was banned; empty where the place cannot be asked
     * @param lifted whether the place let it in again afterwards; likewise
     * @param fault what failed; empty if nothing did
     */
    public record Trial(Subject subject, Optional<Boolean> banned, Optional<Boolean> lifted, Optional<String> fault) {

        /** Nothing failed, and the place, where it can be asked, did as it was told. */
        public boolean isGood() {
            return fault.isEmpty() && banned.orElse(true) && lifted.orElse(true);
        }
    }

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
    /** Lifts from before the start, which the action may not know of; each until it is told. */
    private final Map<Subject, Ban> owed = new LinkedHashMap<>();

    private final Deque<TrialOrder> trials = new ArrayDeque<>();
    /** Somebody waits until counters were read; null if nobody does. */
    private @Nullable CountDownLatch counting;

    private Optional<Action.Counts> counts = Optional.empty();
    private boolean reconcileWanted;
    private boolean arriving = true;
    private boolean busy;
    private boolean closing;
    private volatile long closeBy; // set with it, once
    private boolean ended;
    private boolean flushed;
    private boolean drifting;
    private int failuresInRow;
    private long notBefore = System.nanoTime(); // of the next try, after a failure or in a pause
    private long nextLook = System.nanoTime();
    private long drifts;
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
                if (!action.takes(ban)) {
                    continue;
                }
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

    /** Whether {@link #ended} has any use. */
    public boolean wantsEnded() {
        return !action.isExact();
    }

    /**
     * A ban that has ended, of which the place may not know, the newest first; a subject that is banned again is passed over. To be
     * called before {@link #allRestored}.
     */
    public void ended(Ban ban) {
        if (!wantsEnded() || !action.takes(ban)) {
            return;
        }
        lock.lock();
        try {
            owed.putIfAbsent(ban.subject(), ban); // the newest comes first
        } finally {
            lock.unlock();
        }
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
                Decision change = action.takes(decision.ban()) ? roster.apply(decision) : null;
                if (change != null && !reconcileWanted && !flushed) {
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

    /**
     * Empties the place, and leaves it empty: what is submitted is noted, but does not hold. Returns at once.
     *
     * @param empty false to have the bans in force hold again
     */
    public void flush(boolean empty) {
        lock.lock();
        try {
            flushed = empty;
            pending.clear();
            reconcileWanted = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Bans a subject for trial, asks the place, lifts the ban, and asks the place again; on the action's own thread, also
     * while it waits for a retry.
     *
     * @param subjects of which the first is taken that the place can hold and that is not banned; they belong to nobody
     * @return empty if there is none, or nothing came of it within {@code patience}
     */
    public Optional<Trial> test(List<Ban> subjects, Duration patience) throws InterruptedException {
        TrialOrder order;
        lock.lock();
        try {
            Optional<Ban> chosen = subjects.stream()
                    .filter(ban -> action.takes(ban) && !roster.holds(ban.subject()))
                    .findFirst();
            if (chosen.isEmpty() || closing || ended) {
                return Optional.empty();
            }
            order = new TrialOrder(chosen.get());
            trials.add(order);
            work.signal();
        } finally {
            lock.unlock();
        }
        return order.done.await(patience.toNanos(), TimeUnit.NANOSECONDS)
                ? Optional.ofNullable(order.result)
                : Optional.empty();
    }

    /** Has {@link #status} tell what is kept out as of now, or, where the action is busy for longer, as of before. */
    public void count(Duration patience) throws InterruptedException {
        CountDownLatch counted;
        lock.lock();
        try {
            if (state() != State.WORKING || closing) {
                return;
            }
            counted = counting == null ? new CountDownLatch(1) : counting;
            counting = counted;
            work.signal();
        } finally {
            lock.unlock();
        }
        counted.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    public Status status() {
        lock.lock();
        try {
            boolean failing = failuresInRow > 0;
            return new Status(
                    action.name(),
                    state(),
                    roster.size(),
                    pending.size(),
                    applied,
                    reconciles,
                    failures,
                    drifts,
                    counts,
                    Optional.ofNullable(lastError),
                    failing
                            ? Optional.of(Duration.ofNanos(Math.max(0, notBefore - System.nanoTime())))
                            : Optional.empty());
        } finally {
            lock.unlock();
        }
    }

    private State state() {
        if (ended) {
            return State.ENDED;
        }
        if (failuresInRow > 0) {
            return State.FAILING;
        }
        if (flushed) {
            return State.FLUSHED;
        }
        return reconciles == 0 ? State.STARTING : State.WORKING;
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

    /** Whether all that was submitted, and what ended before, is known to the place; also after {@link #close}. */
    public boolean isSettled() {
        lock.lock();
        try {
            return reconciles > 0 && failuresInRow == 0 && !hasWork() && !busy && owed.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private boolean hasWork() {
        return arriving || reconcileWanted || !pending.isEmpty();
    }

    /** Begins what {@link #close} does, without waiting for it: so several can end at the same time. */
    public void end() {
        lock.lock();
        try {
            if (!closing) {
                closing = true;
                closeBy = System.nanoTime() + CLOSING.toNanos();
            }
            arrivals.cancel();
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Does what is still to be done, unless the action was failing, ends the thread and closes the action. Bans stay in force. */
    @Override
    public void close() {
        end();
        try {
            thread.join(Math.max(1, (closeBy - System.nanoTime()) / 1_000_000));
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
                trials.forEach(order -> order.done.countDown());
                counted();
                done.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void counted() {
        if (counting != null) {
            counting.countDown();
            counting = null;
        }
    }

    /** Waits for work; null when the thread is to end. */
    private @Nullable Work next() {
        lock.lock();
        try {
            while (true) {
                TrialOrder trial = arriving ? null : trials.poll();
                if (trial != null) {
                    busy = true;
                    return new Work(trial);
                }
                if (counting != null && !arriving) {
                    busy = true;
                    return new Work(Task.COUNT);
                }
                if (closing && (failuresInRow > 0 || !hasWork())) {
                    return null;
                }
                boolean looks = !hasWork() && reconciles > 0;
                long wait = (looks ? nextLook : notBefore) - System.nanoTime();
                if (wait > 0 && !closing) {
                    work.awaitNanos(wait);
                } else if (hasWork()) {
                    busy = true;
                    return takeWork();
                } else if (looks) {
                    return new Work(Task.LOOK);
                } else {
                    work.await();
                }
            }
        } catch (InterruptedException e) {
            return null; // nobody of ours interrupts this thread: the process is ending
        } finally {
            lock.unlock();
        }
    }

    private Work takeWork() {
        if (arriving) {
            arriving = false;
            return new Work(Task.BEGIN);
        }
        if (reconcileWanted) {
            reconcileWanted = false;
            pending.clear();
            return new Work(flushed ? List.of() : roster.inForce());
        }
        // where a call is dear, all that has gathered goes in one
        int most = action.pause().isZero() ? BATCH : pending.size();
        List<Decision> batch = new ArrayList<>(Math.min(most, pending.size()));
        Iterator<Decision> changes = pending.values().iterator();
        while (changes.hasNext() && batch.size() < most) {
            batch.add(changes.next());
            changes.remove();
        }
        return new Work(batch, List.of());
    }

    private Duration retryPause() {
        Duration pause = firstPause.multipliedBy(1L << Math.min(failuresInRow - 1, 10));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }

    /** Someone waits for the outcome of a trial. */
    private static final class TrialOrder {

        private final Ban ban;
        private final CountDownLatch done = new CountDownLatch(1);
        private volatile @Nullable Trial result;

        TrialOrder(Ban ban) {
            this.ban = ban;
        }
    }

    private enum Task {
        /** The first reconcile. */
        BEGIN,
        RECONCILE,
        APPLY,
        LOOK,
        TRIAL,
        COUNT
    }

    /** One call of the action. */
    private final class Work {

        private final Task task;
        private final List<Ban> bans;
        private final List<Decision> changes;
        private final @Nullable TrialOrder trial;
        private boolean intact = true;
        private Optional<Action.Counts> seen = Optional.empty();

        /** A reconcile. */
        Work(List<Ban> bans) {
            this(Task.RECONCILE, bans, List.of(), null);
        }

        /** Something that needs neither. */
        Work(Task task) {
            this(task, List.of(), List.of(), null);
        }

        /** Changes. */
        Work(List<Decision> changes, List<Ban> none) {
            this(Task.APPLY, none, changes, null);
        }

        Work(TrialOrder trial) {
            this(Task.TRIAL, List.of(), List.of(), trial);
        }

        private Work(Task task, List<Ban> bans, List<Decision> changes, @Nullable TrialOrder trial) {
            this.task = task;
            this.bans = bans;
            this.changes = changes;
            this.trial = trial;
        }

        /** Without the lock. Null if it went well. */
        @Nullable
        ActionException perform() {
            try {
                switch (task) {
                    case BEGIN -> begin();
                    case RECONCILE -> {
                        action.reconcile(bans);
                        tellOwed();
                    }
                    case APPLY -> action.apply(changes);
                    case LOOK -> intact = action.isIntact();
                    case COUNT -> seen = action.counts();
                    case TRIAL -> tryOut(Objects.requireNonNull(trial));
                }
                return null;
            } catch (ActionException e) {
                return e;
            } catch (RuntimeException e) { // ours, or a driver's: the next try begins anew
                LOG.error("{}: a bug", action.name(), e);
                return new ActionException(action.name() + ": a bug: " + e, e);
            }
        }

        private void tryOut(TrialOrder order) throws ActionException {
            Subject subject = order.ban.subject();
            Optional<Boolean> banned = Optional.empty();
            try {
                action.apply(List.of(new Decision.Impose(order.ban)));
                banned = action.holds(subject);
                action.apply(List.of(new Decision.Lift(order.ban, Decision.Cause.OPERATOR)));
                Optional<Boolean> lifted = action.holds(subject).map(held -> !held);
                order.result = new Trial(subject, banned, lifted, Optional.empty());
            } catch (ActionException e) {
                order.result =
                        new Trial(subject, banned, Optional.empty(), Optional.of(String.valueOf(e.getMessage())));
                throw e;
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
            inBatches(arrivals.changes());
            tellOwed();
        }

        private void inBatches(List<Decision> decisions) throws ActionException {
            for (int from = 0; from < decisions.size(); from += BATCH) {
                action.apply(decisions.subList(from, Math.min(from + BATCH, decisions.size())));
            }
        }

        private void tellOwed() throws ActionException {
            List<Decision> lifts;
            lock.lock();
            try {
                lifts = owed.values().stream()
                        .filter(ban -> !roster.holds(ban.subject()))
                        .<Decision>map(ban -> new Decision.Lift(ban, Decision.Cause.EXPIRED))
                        .toList();
            } finally {
                lock.unlock();
            }
            inBatches(lifts);
            lock.lock();
            try {
                owed.clear();
            } finally {
                lock.unlock();
            }
        }

        void finished(@Nullable ActionException failure) {
            lock.lock();
            try {
                busy = false;
                if (task != Task.APPLY && task != Task.COUNT) { // else a place that is always busy is never looked at
                    nextLook = System.nanoTime() + action.look().toNanos();
                }
                if (failure != null) {
                    failed(failure);
                } else {
                    switch (task) {
                        case LOOK -> looked();
                        case COUNT -> counts = seen;
                        case TRIAL -> {} // tells whoever has ordered it
                        case BEGIN, RECONCILE, APPLY -> succeeded();
                    }
                }
                if (task == Task.COUNT) {
                    counted();
                }
                done.signalAll();
            } finally {
                lock.unlock();
            }
            if (trial != null) {
                trial.done.countDown();
            }
        }

        private void looked() {
            if (!intact) {
                drifts++;
                reconcileWanted = true;
                pending.clear();
                if (!drifting) {
                    LOG.warn("{}: somebody else has changed the place; putting it right", action.name());
                }
            }
            drifting = !intact;
        }

        private void succeeded() {
            if (failuresInRow > 0) {
                LOG.info("{}: works again, {} bans in force", action.name(), bans.size());
            }
            failuresInRow = 0;
            lastError = null;
            notBefore = System.nanoTime() + action.pause().toNanos();
            applied += changes.size();
            reconciles += task == Task.APPLY ? 0 : 1;
        }

        private void failed(ActionException failure) {
            failures++;
            failuresInRow++;
            lastError = String.valueOf(failure.getMessage());
            notBefore = System.nanoTime() + retryPause().toNanos();
            reconcileWanted = true;
            pending.clear();
            if (failuresInRow == 1 && !closing) {
                LOG.warn("{} (will be tried again until it works)", lastError);
            }
        }
    }
}
