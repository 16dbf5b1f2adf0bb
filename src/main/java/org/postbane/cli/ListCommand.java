package org.postbane.cli;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.postbane.decide.Ban;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code postbane list}. */
@Command(name = "list", description = "Show the bans in force, those that end first at the top.")
final class ListCommand implements Callable<Integer> {

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Option(names = "--json", description = "One JSON document instead of text.")
    private boolean json;

    ListCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        return AgentAccess.run(session, common, AgentAccess.Alone.LOOK, agent -> {
            List<Ban> bans = agent.bans();
            if (json) {
                Words.printBans(session, "bans", bans);
                return ExitStatus.OK;
            }
            if (!bans.isEmpty()) {
                BanText.print(bans, Instant.now(), session.out(), session.columns());
                session.out().println();
            }
            session.out().println(bans.isEmpty() ? "nobody is banned" : Texts.count(bans.size()) + " in force");
            return ExitStatus.OK;
        });
    }
}
