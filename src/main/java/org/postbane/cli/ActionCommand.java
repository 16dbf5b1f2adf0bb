package org.postbane.cli;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.postbane.act.ActionRunner.Trial;
import org.postbane.daemon.AgentControl;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code postbane action}. */
@Command(
        name = "action",
        description = "Look after actions, the places where bans hold.",
        subcommands = ActionCommand.Test.class)
final class ActionCommand implements Runnable {

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private CommonOptions common = new CommonOptions();

    @Override
    public void run() {
        throw new ParameterException(java.util.Objects.requireNonNull(spec).commandLine(), "expected: action test");
    }

    /** {@code postbane action test}. */
    @Command(
            name = "test",
            description =
                    "Ban and unban a documentation address, or an account or sender of nobody, and look whether it holds.")
    static final class Test implements Callable<Integer> {

        private static final Duration PATIENCE = Duration.ofSeconds(30);

        private final Session session;

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Option(names = "--json", description = "One JSON document instead of text.")
        private boolean json;

        @Parameters(arity = "0..*", paramLabel = "ACTION", description = "As 'status' shows them; default: all.")
        private List<String> actions = List.of();

        Test(Session session) {
            this.session = session;
        }

        /** 1 if one of them does not work. */
        @Override
        public Integer call() throws Exception {
            return AgentAccess.run(session, common, AgentAccess.Alone.ENFORCE, this::test);
        }

        private int test(AgentControl agent) throws Exception {
            Map<String, Optional<Trial>> outcome = agent.testActions(actions, PATIENCE);
            AgentAccess.requireActions(!outcome.isEmpty());
            if (json) {
                write(outcome);
            } else {
                outcome.forEach((name, trial) -> session.out().println(name + ": " + text(trial)));
            }
            boolean good = outcome.values().stream()
                    .allMatch(trial -> trial.isPresent() && trial.get().isGood());
            return good ? ExitStatus.OK : ExitStatus.NO;
        }

        private static String text(Optional<Trial> trial) {
            if (trial.isEmpty()) {
                return "no answer within " + Texts.duration(PATIENCE);
            }
            Trial done = trial.get();
            if (done.fault().isPresent()) {
                return "failed: " + done.fault().get();
            }
            if (done.banned().isEmpty()) {
                return "banned and unbanned " + done.subject() + "; the place cannot be asked";
            }
            return done.isGood()
                    ? "good: " + done.subject() + " was kept out, and let in again"
                    : "failed: " + done.subject() + (done.banned().get() ? " is kept out still" : " was not kept out");
        }

        private void write(Map<String, Optional<Trial>> outcome) throws java.io.IOException {
            try (Json out = new Json(session.out())) {
                out.begin().beginList("actions");
                for (Map.Entry<String, Optional<Trial>> one : outcome.entrySet()) {
                    Optional<Trial> trial = one.getValue();
                    out.begin()
                            .member("name", one.getKey())
                            .member("good", trial.isPresent() && trial.get().isGood())
                            .member(
                                    "subject",
                                    trial.map(t -> t.subject().toString()).orElse(null))
                            .member("result", text(trial))
                            .end();
                }
                out.endList().end().endLine();
            }
        }
    }
}
