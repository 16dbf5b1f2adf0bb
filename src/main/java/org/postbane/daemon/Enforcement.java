package org.postbane.daemon;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.postbane.act.ActionRunner;
import org.postbane.config.Configuration;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.decide.Sentencing;

/**
 * Brings each decision to the actions that its jail names. A ban by hand, or of a jail that is not configured (fail2ban's,
 * or one that was taken away), goes to all of them.
 *
 * <p>Threads: the pipeline's; each action has its own. Never waits for an action but in {@link #close} and {@link
 * #awaitIdle}.
 */
final class Enforcement implements AutoCloseable {

    /** Bans that are handed to an action in one go at the start: one transaction of nftables. */
    private static final int PART = 2000;

    private final Map<String, Set<String>> actionsOfJail = new LinkedHashMap<>();
    private final Map<String, ActionRunner> runners = new LinkedHashMap<>();
    /** What {@link #restore} gathers for each action. */
    private final Map<String, List<Ban>> parts = new HashMap<>();

    /** No action at all: decisions go into the store only. */
    static Enforcement none() {
        return new Enforcement();
    }

    /** Starts all actions, each of which first makes its share of what {@link #restore} brings hold, and no other ban. */
    static Enforcement start(Configuration configuration, InstantSource clock) {
        Enforcement enforcement = new Enforcement();
        for (Sentencing jail : configuration.sentencings()) {
            enforcement.actionsOfJail.put(jail.jail(), new LinkedHashSet<>(jail.actions()));
        }
        for (var definition : configuration.actions().values()) {
            enforcement.runners.put(
                    definition.name(), ActionRunner.start(ActionKinds.open(definition, configuration.allow(), clock)));
        }
        return enforcement;
    }

    /** A ban that was in force before this process; the actions may make it hold before they know all of them. */
    void restore(Ban ban) {
        for (Map.Entry<String, ActionRunner> runner : runners.entrySet()) {
            if (concerns(ban, runner.getKey())) {
                List<Ban> part = parts.computeIfAbsent(runner.getKey(), action -> new ArrayList<>(PART));
                part.add(ban);
                if (part.size() == PART) {
                    runner.getValue().restore(part);
                    parts.remove(runner.getKey());
                }
            }
        }
    }

    /** Whether {@link #ended} has any use. */
    boolean wantsEnded() {
        return runners.values().stream().anyMatch(ActionRunner::wantsEnded);
    }

    /** A ban that has ended, of which not all places may know. Before {@link #allRestored}. */
    void ended(Ban ban) {
        runners.forEach((action, runner) -> {
            if (concerns(ban, action)) {
                runner.ended(ban);
            }
        });
    }

    /** Whether all places that want to know of ends have been told of all that was submitted. */
    boolean isSettled() {
        return runners.values().stream().filter(ActionRunner::wantsEnded).allMatch(ActionRunner::isSettled);
    }

    /** No more of those; to be called before anything is submitted. */
    void allRestored() {
        runners.forEach((action, runner) -> {
            runner.restore(parts.getOrDefault(action, List.of()));
            runner.allRestored();
        });
        parts.clear();
    }

    private boolean concerns(Ban ban, String action) {
        Set<String> wanted = actionsOfJail.get(ban.jail());
        return wanted == null || wanted.contains(action);
    }

    void submit(List<Decision> decisions) {
        for (Map.Entry<String, ActionRunner> runner : runners.entrySet()) {
            List<Decision> share = decisions.stream()
                    .filter(decision -> concerns(decision.ban(), runner.getKey()))
                    .toList();
            if (!share.isEmpty()) {
                runner.getValue().submit(share);
            }
        }
    }

    /** Has every place compared with the truth again. */
    void reconcile() {
        runners.values().forEach(ActionRunner::requestReconcile);
    }

    /** The actions of these names: in full, or of a file with whatever settings; all for none. */
    List<ActionRunner> named(Collection<String> names) {
        return runners.values().stream()
                .filter(runner -> names.isEmpty()
                        || names.contains(runner.name())
                        || names.contains(runner.name().replaceFirst("\\[.*", "")))
                .toList();
    }

    /** Has {@link #status} tell what is kept out as of now, as far as the actions say that within {@code patience}. */
    void count(Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        try {
            for (ActionRunner runner : runners.values()) {
                runner.count(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    List<ActionRunner.Status> status() {
        return runners.values().stream().map(ActionRunner::status).toList();
    }

    /** Waits until all that was submitted holds; false if it does not within {@code patience}, or an action fails. */
    boolean awaitIdle(Duration patience) throws InterruptedException {
        boolean idle = true;
        long end = System.nanoTime() + patience.toNanos();
        for (ActionRunner runner : runners.values()) {
            Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
            idle &= runner.awaitIdle(left) && runner.status().lastError().isEmpty();
        }
        return idle;
    }

    /** All end at the same time: one that hangs holds up none of the others. */
    @Override
    public void close() {
        runners.values().forEach(ActionRunner::end);
        runners.values().forEach(ActionRunner::close);
    }
}
