package org.postbane.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.postbane.daemon.AgentControl;
import org.postbane.decide.Ban;
import org.postbane.model.Subject;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code postbane unban}. */
@Command(name = "unban", description = "Lift bans, and forget what led to them.")
final class UnbanCommand implements Callable<Integer> {

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Option(names = "--all", description = "Lift all bans.")
    private boolean all;

    @Option(names = "--jail", paramLabel = "JAIL", description = "Lift bans of this jail only, and forget nothing.")
    private @Nullable String jail;

    @Option(names = "--json", description = "One JSON document instead of text.")
    private boolean json;

    @Parameters(arity = "0..*", paramLabel = "SUBJECT", description = "As 'list' shows them.")
    private List<String> subjects = new ArrayList<>();

    UnbanCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        if (all != subjects.isEmpty()) {
            throw new Failure(ExitStatus.USAGE, "unban takes subjects, or --all");
        }
        List<Subject> parsed = Words.subjects(subjects);
        return AgentAccess.run(session, common, AgentAccess.Alone.ENFORCE, agent -> unban(agent, parsed));
    }

    /** 1 if one of the subjects was not banned. */
    private int unban(AgentControl agent, List<Subject> parsed) throws Exception {
        List<Ban> lifted = jail == null
                ? all ? agent.unbanAll() : agent.unban(parsed)
                : all ? agent.unbanAll(jail) : agent.unban(parsed, jail);
        boolean holds = agent.awaitEnforced(BanCommand.PATIENCE);
        if (json) {
            Words.printBans(session, "lifted", lifted);
        } else {
            lifted.forEach(ban -> session.out().println("unbanned " + ban.subject() + " (" + ban.jail() + ")"));
        }
        int status = ExitStatus.OK;
        for (Subject subject : parsed) {
            if (lifted.stream().noneMatch(ban -> ban.subject().equals(subject))) {
                session.err().println("postbane: " + subject + " was not banned");
                status = ExitStatus.NO;
            }
        }
        return holds ? status : Words.notEverywhere(agent, session);
    }
}
