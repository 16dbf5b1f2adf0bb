package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.ban;
import static org.postbane.act.Bans.impose;
import static org.postbane.act.Bans.lift;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;

@Timeout(30)
class ActionRunnerTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final FakeAction action = new FakeAction();
    private ActionRunner runner = start(List.of());

    private ActionRunner start(List<Ban> inForce) {
        ActionRunner started = ActionRunner.start(action, PAUSE);
        started.restore(inForce);
        started.allRestored();
        return started;
    }

    @AfterEach
    void stop() {
        action.gate.release(1000);
        runner.close();
    }

    private void restart(List<Ban> inForce) {
        runner.close();
        action.calls.clear();
        runner = start(inForce);
    }

    /** Without a word yet on which bans are in force. */
    private void restartEmpty() {
        runner.close();
        action.calls.clear();
        action.closed = false;
        runner = ActionRunner.start(action, PAUSE);
    }

    private void assertHeld(String... subjects) throws InterruptedException {
        assertTrue(runner.awaitIdle(SOON));
        assertEquals(new TreeSet<>(Set.of(subjects)), action.held());
    }

    @Test
    void start_withBans_reconcilesFirst() throws Exception {
        restart(List.of(ban("192.0.2.1", HOUR)));
        runner.submit(List.of(impose("192.0.2.2", HOUR)));

        assertHeld("192.0.2.1", "192.0.2.2");
        assertEquals("reconcile", action.calls.get(0));
    }

    @Test
    void restore_inParts_reconcilesOnceWithAll() throws Exception {
        restartEmpty();
        runner.restore(List.of(ban("192.0.2.1", HOUR)));
        runner.restore(List.of(ban("192.0.2.2", HOUR), ban("192.0.2.3", HOUR)));
        assertFalse(runner.awaitIdle(Duration.ofMillis(20)));
        runner.allRestored();

        assertHeld("192.0.2.1", "192.0.2.2", "192.0.2.3");
        assertEquals(List.of("reconcile"), action.calls);
        assertEquals(3, runner.status().bans());
        assertEquals(1, runner.status().reconciles());
    }

    @Test
    void restore_secondJailForLonger_followsAsAChange() throws Exception {
        Ban spam = ban("192.0.2.1", HOUR);
        Ban trap = new Ban(spam.subject(), "trap", spam.from(), spam.until().plusSeconds(5), "a trap");
        Ban brief = new Ban(spam.subject(), "auth", spam.from(), spam.until().minusSeconds(5), "a login");
        restart(List.of(spam, trap, brief));

        assertHeld("192.0.2.1");
        assertEquals(List.of("reconcile", "apply 1"), action.calls);
        runner.submit(List.of(new Decision.Lift(trap, Decision.Cause.EXPIRED)));
        assertHeld("192.0.2.1");
        assertEquals(1, runner.status().bans());
    }

    @Test
    void restore_actionFails_waitsForTheRestAndTriesWithAll() throws Exception {
        restartEmpty();
        action.failures.set(1);
        runner.restore(List.of(ban("192.0.2.1", HOUR)));
        assertFalse(runner.awaitIdle(PAUSE.multipliedBy(5)));
        runner.restore(List.of(ban("192.0.2.2", HOUR)));
        runner.allRestored();
        runner.submit(List.of(impose("192.0.2.3", HOUR)));

        assertHeld("192.0.2.1", "192.0.2.2", "192.0.2.3");
        assertEquals(1, runner.status().failures());
    }

    /** The database could not be read to its end: what is not known whole is no truth. */
    @Test
    void close_beforeAllIsRestored_reconcilesNothing() {
        restartEmpty();
        runner.restore(List.of(ban("192.0.2.1", HOUR)));

        runner.close();

        assertEquals(List.of(), action.calls);
        assertTrue(action.closed);
    }

    @Test
    void submit_imposeAndLift_reachTheAction() throws Exception {
        assertTrue(runner.awaitIdle(SOON));

        runner.submit(List.of(impose("192.0.2.1", HOUR), impose("192.0.2.2", HOUR)));
        runner.submit(List.of(lift("192.0.2.1")));

        assertTrue(runner.awaitIdle(SOON));
        assertHeld("192.0.2.2");
        assertEquals(1, runner.status().bans());
    }

    @Test
    void submit_whileTheActionIsBusy_returnsAndCoalesces() throws Exception {
        assertTrue(runner.awaitIdle(SOON));
        action.block();
        runner.submit(List.of(impose("192.0.2.1", HOUR)));
        action.entered.acquire();

        for (int i = 0; i < 100; i++) {
            runner.submit(List.of(impose("192.0.2.2", HOUR.plusMinutes(i)), impose("192.0.2.3", HOUR.plusMinutes(i))));
        }

        assertEquals(2, runner.status().pending());
        assertFalse(runner.awaitIdle(Duration.ofMillis(20)));
        action.unblock();
        assertHeld("192.0.2.1", "192.0.2.2", "192.0.2.3");
        assertEquals(3, runner.status().applied());
    }

    @Test
    void submit_moreThanTheQueueHolds_becomesAReconcile() throws Exception {
        assertTrue(runner.awaitIdle(SOON));
        action.block();
        runner.submit(List.of(impose("192.0.2.1", HOUR)));
        action.entered.acquire();

        List<Decision> many = IntStream.rangeClosed(0, ActionRunner.QUEUE)
                .mapToObj(i -> impose("10.0.%d.%d".formatted(i >> 8, i & 255), HOUR))
                .toList();
        runner.submit(many);

        assertEquals(0, runner.status().pending());
        action.unblock();
        assertTrue(runner.awaitIdle(SOON));
        assertEquals(ActionRunner.QUEUE + 2, action.held().size());
        assertEquals(List.of("reconcile", "apply 1", "reconcile"), action.calls);
    }

    @Test
    void submit_many_comesInBatches() throws Exception {
        assertTrue(runner.awaitIdle(SOON));

        runner.submit(IntStream.range(0, 2500)
                .mapToObj(i -> impose("10.0.%d.%d".formatted(i >> 8, i & 255), HOUR))
                .toList());

        assertTrue(runner.awaitIdle(SOON));
        assertEquals(List.of("reconcile", "apply 1000", "apply 1000", "apply 500"), action.calls);
    }

    @Test
    void apply_fails_isMendedByReconcile() throws Exception {
        runner.submit(List.of(impose("192.0.2.1", HOUR)));
        assertTrue(runner.awaitIdle(SOON));
        action.failures.set(3);
        action.forget();

        runner.submit(List.of(impose("192.0.2.2", HOUR)));

        assertHeld("192.0.2.1", "192.0.2.2");
        assertEquals(3, runner.status().failures());
        assertEquals(Optional.empty(), runner.status().lastError());
    }

    @Test
    void failure_isVisible() throws Exception {
        assertTrue(runner.awaitIdle(SOON));
        action.failures.set(Integer.MAX_VALUE);

        runner.submit(List.of(impose("192.0.2.1", HOUR)));

        assertFalse(runner.awaitIdle(Duration.ofMillis(200)));
        assertEquals(Optional.of("fake: out of order"), runner.status().lastError());
        assertEquals(1, runner.status().bans());
    }

    @Test
    void requestReconcile_repairsThePlace() throws Exception {
        restart(List.of(ban("192.0.2.1", HOUR)));
        assertTrue(runner.awaitIdle(SOON));
        action.forget();

        runner.requestReconcile();

        assertHeld("192.0.2.1");
        assertEquals(2, runner.status().reconciles());
    }

    @Test
    void twoJails_oneLifts_banHoldsOn() throws Exception {
        Ban spam = ban("192.0.2.1", HOUR);
        Ban trap = new Ban(spam.subject(), "trap", spam.from(), spam.until().plusSeconds(5), "a trap");
        runner.submit(List.of(new Decision.Impose(spam), new Decision.Impose(trap)));
        runner.submit(List.of(new Decision.Lift(trap, Decision.Cause.EXPIRED)));

        assertHeld("192.0.2.1");
        runner.submit(List.of(new Decision.Lift(spam, Decision.Cause.EXPIRED)));
        assertHeld();
    }

    @Test
    void close_withWorkLeft_doesItAndClosesTheAction() throws Exception {
        assertTrue(runner.awaitIdle(SOON));
        action.block();
        runner.submit(List.of(impose("192.0.2.1", HOUR)));
        action.entered.acquire();
        runner.submit(List.of(impose("192.0.2.2", HOUR)));
        action.unblock();

        runner.close();

        assertEquals(Set.of("192.0.2.1", "192.0.2.2"), action.held());
        assertTrue(action.closed);
    }

    @Test
    void close_whileFailing_ends() throws Exception {
        action.failures.set(Integer.MAX_VALUE);
        runner.requestReconcile();
        assertFalse(runner.awaitIdle(Duration.ofMillis(50)));

        runner.close();

        assertTrue(action.closed);
    }

    @Test
    void place_changedBySomebodyElse_isPutRightAndCounted() throws Exception {
        restart(List.of(ban("192.0.2.1", HOUR)));
        assertTrue(runner.awaitIdle(SOON));
        action.forget();
        action.intact = false;

        awaitTrue(() -> action.held().contains("192.0.2.1"));

        assertEquals(1, runner.status().drifts());
    }

    @Test
    void flush_emptiesAndStaysEmpty_untilRestored() throws Exception {
        restart(List.of(ban("192.0.2.1", HOUR)));
        runner.flush(true);
        runner.submit(List.of(impose("192.0.2.2", HOUR)));
        runner.requestReconcile();
        assertHeld();
        assertEquals(ActionRunner.State.FLUSHED, runner.status().state());

        runner.flush(false);

        assertHeld("192.0.2.1", "192.0.2.2");
        assertEquals(ActionRunner.State.WORKING, runner.status().state());
    }

    @Test
    void test_ofAPlaceThatWorks_isGoodAndLeavesNothing() throws Exception {
        restart(List.of(ban("192.0.2.1", HOUR)));

        Optional<ActionRunner.Trial> trial =
                runner.test(List.of(ban("account:x", HOUR), ban("192.0.2.1", HOUR), ban("192.0.2.254", HOUR)), SOON);

        assertTrue(trial.orElseThrow().isGood());
        assertEquals("192.0.2.254", trial.orElseThrow().subject().toString());
        assertEquals(Optional.of(true), trial.orElseThrow().banned());
        assertHeld("192.0.2.1");
    }

    @Test
    void test_ofAPlaceThatFails_saysWhyAndTheRestIsMended() throws Exception {
        restart(List.of(ban("192.0.2.1", HOUR)));
        assertTrue(runner.awaitIdle(SOON));
        action.failures.set(1);

        Optional<ActionRunner.Trial> trial = runner.test(List.of(ban("192.0.2.254", HOUR)), SOON);

        assertFalse(trial.orElseThrow().isGood());
        assertEquals(Optional.of("fake: out of order"), trial.orElseThrow().fault());
        assertHeld("192.0.2.1");
    }

    @Test
    void submit_afterACallThatIsDear_isGathered() throws Exception {
        assertTrue(runner.awaitIdle(SOON));
        action.gather = Duration.ofMillis(300);
        runner.submit(List.of(impose("192.0.2.1", HOUR)));
        assertTrue(runner.awaitIdle(SOON));

        for (int i = 2; i < 8; i++) {
            runner.submit(List.of(impose("192.0.2." + i, HOUR)));
            Thread.sleep(5);
        }

        assertTrue(runner.awaitIdle(SOON));
        assertEquals(List.of("reconcile", "apply 1", "apply 6"), action.calls);
    }

    @Test
    void status_whileFailing_saysWhenItIsTriedAgain() throws Exception {
        action.failures.set(Integer.MAX_VALUE);
        runner.requestReconcile();

        awaitTrue(() -> runner.status().state() == ActionRunner.State.FAILING);

        assertTrue(runner.status().retryIn().isPresent());
    }

    @Test
    void count_isOfNow_orWhereTheActionIsBusyOfBefore() throws Exception {
        assertTrue(runner.awaitIdle(SOON));
        assertEquals(Optional.empty(), runner.status().counts());
        action.counted = 7;
        runner.count(SOON);
        assertEquals(7, runner.status().counts().orElseThrow().packets());

        action.block();
        runner.submit(List.of(impose("192.0.2.1", HOUR)));
        action.entered.acquire();
        action.counted = 8;
        runner.count(Duration.ofMillis(20));
        assertEquals(7, runner.status().counts().orElseThrow().packets());
        action.unblock();

        assertHeld("192.0.2.1");
        awaitTrue(() -> runner.status().counts().orElseThrow().packets() == 8);
        assertEquals(1, runner.status().reconciles());
    }

    private static void awaitTrue(java.util.function.BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 500 && !condition.getAsBoolean(); i++) {
            Thread.sleep(10);
        }
        assertTrue(condition.getAsBoolean());
    }

    /** A place in memory, that can be made slow or broken. */
    private static final class FakeAction implements Action {

        final List<String> calls = Collections.synchronizedList(new ArrayList<>());
        final Semaphore gate = new Semaphore(0);
        final Semaphore entered = new Semaphore(0);
        private final Set<String> held = new TreeSet<>();
        private volatile boolean blocked;
        final AtomicInteger failures = new AtomicInteger();
        volatile boolean closed;
        volatile boolean intact = true;
        volatile long counted;
        volatile Duration gather = Duration.ZERO;

        void block() {
            blocked = true;
            entered.drainPermits();
        }

        void unblock() {
            blocked = false;
            gate.release();
        }

        synchronized Set<String> held() {
            return new TreeSet<>(held);
        }

        synchronized void forget() {
            held.clear();
        }

        private void enter(String call) throws ActionException {
            calls.add(call);
            entered.release();
            if (blocked) {
                gate.acquireUninterruptibly();
            }
            if (failures.getAndDecrement() > 0) {
                throw new ActionException("fake: out of order");
            }
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public Optional<Counts> counts() {
            return Optional.of(new Counts(counted, 60 * counted));
        }

        @Override
        public boolean takes(Ban ban) {
            return ban.subject() instanceof org.postbane.model.Subject.Client;
        }

        @Override
        public boolean isIntact() {
            return intact;
        }

        @Override
        public Duration look() {
            return PAUSE;
        }

        @Override
        public Duration pause() {
            return gather;
        }

        @Override
        public synchronized Optional<Boolean> holds(org.postbane.model.Subject subject) {
            return Optional.of(held.contains(subject.toString()));
        }

        @Override
        public void reconcile(Collection<Ban> bans) throws ActionException {
            enter("reconcile");
            intact = true;
            synchronized (this) {
                held.clear();
                bans.forEach(ban -> held.add(ban.subject().toString()));
            }
        }

        @Override
        public void apply(List<Decision> changes) throws ActionException {
            enter("apply " + changes.size());
            synchronized (this) {
                for (Decision change : changes) {
                    String subject = change.ban().subject().toString();
                    if (change instanceof Decision.Impose) {
                        held.add(subject);
                    } else {
                        held.remove(subject);
                    }
                }
            }
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
