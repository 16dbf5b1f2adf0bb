package org.postbane.daemon;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
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

    private final Map<String, Set<String>> actionsOfJail = new LinkedHashMap<>();
    private final Map<String, ActionRunner> runners = new LinkedHashMap<>();

    /** No action at all: decisions go into the store only. */
    static Enforcement none() {
        return new Enforcement();
    }

    /** Starts all actions, each of which first makes its share of {@code inForce} hold. */
    static Enforcement start(Configuration configuration, Collection<Ban> inForce, InstantSource clock) {
        Enforcement enforcement = new Enforcement();
        for (Sentencing jail : configuration.sentencings()) {
            enforcement.actionsOfJail.put(jail.jail(), new LinkedHashSet<>(jail.actions()));
        }
        for (var definition : configuration.actions().values()) {
            List<Ban> share = new ArrayList<>();
            for (Ban ban : inForce) {
                if (enforcement.concerns(ban, definition.name())) {
                    share.add(ban);
                }
            }
            enforcement.runners.put(definition.name(), ActionRunner.start(ActionKinds.open(definition, clock), share));
        }
        return enforcement;
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

    List<ActionRunner.Status> status() {
        return runners.values().stream().map(ActionRunner::status).toList();
    }

    /** Waits until all that was submitted holds; false if it does not within {@code patience}, or an action fails. */
    boolean awaitIdle(Duration patience) throws InterruptedException {
        boolean idle = true;
        for (ActionRunner runner : runners.values()) {
            idle &= runner.awaitIdle(patience) && runner.status().lastError().isEmpty();
        }
        return idle;
    }

    @Override
    public void close() {
        runners.values().forEach(ActionRunner::close);
    }
}
