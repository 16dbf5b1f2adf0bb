package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.ban;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;

/**
 * What an action, on its runner, does when its place breaks in the middle of a burst: nobody who hands on bans waits, another action
 * gets them at once, the fault shows in the status, and when it is mended the place is equal to the truth. A subclass says how to open
 * the action, with short time limits, how the place may break, and how to read it back.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
abstract class FaultContract {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Duration SOON = Duration.ofSeconds(15);
    /** Less than the time limit of any action, so that nobody can have waited for one; a busy machine must fit in. */
    private static final Duration AT_ONCE = StandIn.PATIENCE.multipliedBy(3).dividedBy(4);

    private static final int BURST = 16;

    /** Something that is done to the place. */
    @FunctionalInterface
    interface Step {
        void take() throws Exception;
    }

    /**
     * A way for the place to break.
     *
     * @param heals whether the action puts it right alone, and perhaps with the next change, so that nobody takes note
     * @param mends what an operator does else
     */
    record Fault(String name, boolean heals, Step breaks, Step mends) {

        Fault(String name, Step breaks, Step mends) {
            this(name, false, breaks, mends);
        }

        static Fault healing(String name, Step breaks) {
            return new Fault(name, true, breaks, () -> {});
        }

        @Override
        public String toString() {
            return name;
        }
    }

    abstract List<Fault> faults();

    /** A new object over the same place. */
    abstract Action open() throws Exception;

    /** The subjects in the place, as its own tools say. */
    abstract Set<String> held() throws Exception;

    /** Those of every action that calls programs. */
    static List<Fault> ofProgram(Holder<StandIn> program) {
        List<Fault> faults = new ArrayList<>();
        faults.add(new Fault(
                "missing", () -> program.get().vanishes(), () -> program.get().returns()));
        for (StandIn.Mood mood : StandIn.Mood.values()) {
            if (mood != StandIn.Mood.GOOD) {
                faults.add(new Fault(mood.name(), () -> program.get().is(mood), () -> {
                    program.get().is(StandIn.Mood.GOOD);
                    if (mood == StandIn.Mood.HANGS) {
                        program.get().assertNoneLeft();
                    }
                }));
            }
        }
        return faults;
    }

    /** What is made anew for each test, after its faults were named. */
    @FunctionalInterface
    interface Holder<T> {
        T get();
    }

    /** The bans that ought to be in force, and who was told of them. */
    private static final class Truth {

        private final Action takes;
        private final List<ActionRunner> told;
        private final Map<String, Ban> bans = new HashMap<>();
        private final List<Ban> ended = new ArrayList<>();
        private long longest;

        Truth(Action takes, ActionRunner... told) {
            this.takes = takes;
            this.told = List.of(told);
        }

        void impose(String subject, Duration term) {
            Ban ban = ban(subject, term);
            if (takes.takes(ban)) {
                bans.put(subject, ban);
                submit(new Decision.Impose(ban));
            }
        }

        void lift(String subject) {
            Ban ban = bans.remove(subject);
            if (ban != null) {
                ended.add(ban);
                submit(new Decision.Lift(ban, Decision.Cause.OPERATOR));
            }
        }

        private void submit(Decision decision) {
            for (ActionRunner runner : told) {
                long before = System.nanoTime();
                runner.submit(List.of(decision));
                longest = Math.max(longest, System.nanoTime() - before);
            }
        }

        /** Bans of all kinds, of which every other one is lifted again. */
        void burst() throws InterruptedException {
            for (int i = 1; i <= BURST; i++) {
                impose("10.0.0." + i, HOUR);
                impose("2001:db8:a::" + Integer.toHexString(i), HOUR);
                impose("10.1." + i + ".0/24", DAY);
                impose("2001:db8:b:" + Integer.toHexString(i) + "::/64", DAY);
                impose("10.0.0." + i, DAY); // prolonged
                if (i % 2 == 0) {
                    lift("10.0.0." + (i - 1));
                    lift("10.1." + (i - 1) + ".0/24");
                    lift("2001:db8:b:" + Integer.toHexString(i - 1) + "::/64");
                }
                Thread.sleep(2);
            }
            lift("192.0.2.1");
            lift("2001:db8:1::/64");
        }

        /** What comes while the place is broken, also to who was banned in the burst. */
        void goesOn() {
            lift("10.0.0.2");
            lift("2001:db8:a::3");
            lift("10.1.4.0/24");
            lift("2001:db8:b:6::/64");
            lift("198.51.100.0/24");
            impose("10.0.0.1", HOUR);
            impose("192.0.2.77", HOUR);
            impose("2001:db8:1::/64", HOUR);
        }

        Set<String> subjects() {
            return new TreeSet<>(bans.keySet());
        }

        List<Ban> inForce() {
            return List.copyOf(bans.values());
        }

        void assertNobodyWaited() {
            assertTrue(longest < AT_ONCE.toNanos(), "a ban was handed on after " + longest / 1_000_000 + " ms only");
        }
    }

    static ActionRunner start(Hasty action, List<Ban> inForce) {
        return start(action, inForce, List.of());
    }

    static ActionRunner start(Hasty action, List<Ban> inForce, List<Ban> ended) {
        ActionRunner runner = ActionRunner.start(action, FIRST_PAUSE);
        runner.restore(inForce);
        ended.forEach(runner::ended);
        runner.allRestored();
        return runner;
    }

    static void imposeFirst(Truth truth) {
        truth.impose("192.0.2.1", HOUR);
        truth.impose("192.0.2.2", DAY);
        truth.impose("2001:db8::1", HOUR);
        truth.impose("198.51.100.0/24", HOUR);
        truth.impose("2001:db8:1::/64", DAY);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void fault_inABurst_stopsNobodyAndEndsWithTheTruth(Fault fault) throws Exception {
        Memory memory = new Memory();
        Hasty action = new Hasty(open());
        try (ActionRunner runner = start(action, List.of());
                ActionRunner neighbour = start(new Hasty(memory), List.of())) {
            Truth truth = new Truth(action, runner, neighbour);
            imposeFirst(truth);
            awaitTruth(truth, runner);
            long before = troubles(runner);

            fault.breaks().take();
            truth.burst();
            assertTrue(neighbour.awaitIdle(AT_ONCE), "the other action waits");
            assertEquals(truth.subjects(), memory.held);
            awaitNote(fault, runner, before);
            truth.goesOn();
            assertTrue(neighbour.awaitIdle(AT_ONCE), "the other action waits");
            assertEquals(truth.subjects(), memory.held);
            truth.assertNobodyWaited();
            fault.mends().take();

            awaitTruth(truth, runner);
            truth.impose("192.0.2.88", HOUR);
            truth.lift("192.0.2.77");
            awaitTruth(truth, runner);
            int looks = action.goodLooks().get() + 1; // one may have begun before
            await(() -> action.goodLooks().get() > looks, "the action thinks that something is amiss");
            assertEquals(Optional.empty(), runner.status().lastError());
            if (fault.heals()) {
                long untilNow = troubles(runner);
                fault.breaks().take(); // and nothing else happens
                await(() -> troubles(runner) > untilNow, "nobody took note of the fault");
                awaitTruth(truth, runner);
            }
        }
    }

    static void awaitNote(Fault fault, ActionRunner runner, long before) throws InterruptedException {
        if (!fault.heals()) {
            await(() -> troubles(runner) > before, "nobody took note of the fault: " + runner.status());
        }
    }

    static long troubles(ActionRunner runner) {
        return runner.status().failures() + runner.status().drifts();
    }

    final void awaitTruth(Truth truth, ActionRunner runner) throws Exception {
        Instant end = Instant.now().plus(SOON);
        Set<String> held = Set.of();
        while (Instant.now().isBefore(end)) {
            if (runner.awaitIdle(Duration.ofMillis(100))) {
                held = new TreeSet<>(held());
                if (held.equals(truth.subjects())) {
                    return;
                }
            }
            Thread.sleep(20);
        }
        assertEquals(truth.subjects(), new TreeSet<>(held()), () -> "in the end: " + runner.status());
        assertTrue(runner.awaitIdle(Duration.ZERO), () -> "still at work: " + runner.status());
    }

    static void await(BooleanSupplier condition, String otherwise) throws InterruptedException {
        Instant end = Instant.now().plus(SOON);
        while (!condition.getAsBoolean() && Instant.now().isBefore(end)) {
            Thread.sleep(5);
        }
        assertTrue(condition.getAsBoolean(), otherwise);
    }

    /** What holds of actions that keep somebody out, beyond that. */
    abstract static class OfPlace extends FaultContract {

        /** The faults that somebody has to mend. */
        List<Fault> lasting() {
            return faults().stream().filter(fault -> !fault.heals()).toList();
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource("lasting")
        void fault_overARestart_endsWithTheTruth(Fault fault) throws Exception {
            Hasty action = new Hasty(open());
            Truth truth;
            try (ActionRunner runner = start(action, List.of())) {
                truth = new Truth(action, runner);
                imposeFirst(truth);
                awaitTruth(truth, runner);
                long before = troubles(runner);
                fault.breaks().take();
                truth.burst();
                await(() -> troubles(runner) > before, "nobody took note of the fault: " + runner.status());
            }
            truth.goesOn(); // nobody is told
            fault.mends().take();

            try (ActionRunner runner = start(new Hasty(open()), truth.inForce(), truth.ended)) {
                awaitTruth(truth, runner);
                assertTrue(runner.isSettled());
            }
        }
    }

    /** An action whose place is looked at without a pause, and that gathers nothing. */
    record Hasty(Action action, AtomicInteger goodLooks) implements Action {

        Hasty(Action action) {
            this(action, new AtomicInteger());
        }

        @Override
        public String name() {
            return action.name();
        }

        @Override
        public boolean takes(Ban ban) {
            return action.takes(ban);
        }

        @Override
        public void reconcile(Collection<Ban> bans) throws ActionException {
            action.reconcile(bans);
        }

        @Override
        public void reconcile(Iterator<List<Ban>> parts) throws ActionException {
            action.reconcile(parts);
        }

        @Override
        public void apply(List<Decision> changes) throws ActionException {
            action.apply(changes);
        }

        @Override
        public boolean isExact() {
            return action.isExact();
        }

        @Override
        public boolean isIntact() throws ActionException {
            boolean intact = action.isIntact();
            if (intact) {
                goodLooks.incrementAndGet();
            }
            return intact;
        }

        @Override
        public Duration look() {
            return LOOK;
        }

        @Override
        public Optional<Boolean> holds(Subject subject) throws ActionException {
            return action.holds(subject);
        }

        @Override
        public void close() {
            action.close();
        }
    }

    /** Another action of the same agent, whose place never breaks. */
    private static final class Memory implements Action {

        private final Set<String> held = new ConcurrentSkipListSet<>();

        @Override
        public String name() {
            return "memory";
        }

        @Override
        public boolean takes(Ban ban) {
            return true;
        }

        @Override
        public void reconcile(Collection<Ban> bans) {
            held.clear();
            bans.forEach(ban -> held.add(ban.subject().toString()));
        }

        @Override
        public void apply(List<Decision> changes) {
            for (Decision change : changes) {
                String subject = change.ban().subject().toString();
                if (change instanceof Decision.Impose) {
                    held.add(subject);
                } else {
                    held.remove(subject);
                }
            }
        }

        @Override
        public void close() {}
    }
}
