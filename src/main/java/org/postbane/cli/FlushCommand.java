package org.postbane.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.postbane.daemon.AgentControl;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code postbane flush}. */
@Command(
        name = "flush",
        description = {
            "Take all bans out of the places where they hold (firewall, maps...), and keep these empty.",
            "",
            "The bans themselves stay in the database. Without a daemon the places are emptied once; with one they stay empty"
                    + " until 'flush --restore', or until the daemon starts again."
        })
final class FlushCommand implements Callable<Integer> {

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Option(names = "--restore", description = "Have the bans in force hold again.")
    private boolean restore;

    @Parameters(arity = "0..*", paramLabel = "ACTION", description = "As 'status' shows them; default: all.")
    private List<String> actions = List.of();

    FlushCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        return AgentAccess.run(session, common, AgentAccess.Alone.ENFORCE, this::flush);
    }

    private int flush(AgentControl agent) throws Exception {
        List<String> done = agent.flush(actions, !restore);
        AgentAccess.requireActions(!done.isEmpty());
        boolean holds = agent.awaitEnforced(BanCommand.PATIENCE);
        done.forEach(name -> session.out().println((restore ? "restored " : "emptied ") + name));
        return holds ? ExitStatus.OK : Words.notEverywhere(agent, session);
    }
}
