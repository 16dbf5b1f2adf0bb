package org.postbane.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.postbane.daemon.AgentControl;
import org.postbane.decide.Ban;
import org.postbane.decide.GuardedException;
import org.postbane.model.Subject;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code postbane ban}. */
@Command(name = "ban", description = "Ban by hand: through the daemon, or directly where none runs.")
final class BanCommand implements Callable<Integer> {

    /** How long the command waits for the ban to hold. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Option(
            names = "--for",
            paramLabel = "DURATION",
            description = "How long, e.g. 90s, 10m, 2h, 1d or 2w; -1 for ever (default: 1d).")
    private String time = "1d";

    @Option(names = "--jail", paramLabel = "JAIL", description = "In whose name (default: manual).")
    private String jail = Ban.MANUAL;

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for whoever reads it later.")
    private String reason = "by hand";

    @Option(
            names = "--no-wait",
            description =
                    "Do not wait until it holds everywhere: it is written down, and will. For programs that ban much.")
    private boolean noWait;

    @Option(names = "--json", description = "One JSON document instead of text.")
    private boolean json;

    @Parameters(
            arity = "1..*",
            paramLabel = "SUBJECT",
            description = "192.0.2.1, 2001:db8::/64, account:LOGIN or sender:ADDRESS.")
    private List<String> subjects = List.of();

    BanCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        List<Subject> parsed = Words.subjects(subjects);
        Duration duration = Words.duration(time, true);
        if (!jail.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")) {
            throw new Failure(
                    ExitStatus.USAGE,
                    "--jail '" + jail + "': expected letters, digits, _, . and -, at most 64 of them");
        }
        return AgentAccess.run(session, common, AgentAccess.Alone.ENFORCE, agent -> ban(agent, parsed, duration));
    }

    private int ban(AgentControl agent, List<Subject> parsed, Duration duration) throws Exception {
        int status = ExitStatus.OK;
        List<Ban> bans = new ArrayList<>();
        for (Subject subject : parsed) {
            try {
                bans.add(agent.ban(subject, duration, jail, reason));
            } catch (GuardedException e) {
                session.err().println("postbane: " + subject + " is not banned: " + e.getMessage());
                status = ExitStatus.NO;
            }
        }
        boolean holds = noWait || bans.isEmpty() || agent.awaitEnforced(PATIENCE);
        if (json) {
            Words.printBans(session, "banned", bans);
        } else {
            bans.forEach(ban -> session.out()
                    .println("banned " + ban.subject()
                            + (ban.isPermanent() ? " for ever" : " until " + Texts.time(ban.until()))));
        }
        return holds ? status : Words.notEverywhere(agent, session);
    }
}
