package org.postbane.cli;

import java.io.IOException;
import java.time.Clock;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.postbane.config.Configuration;
import org.postbane.daemon.Agent;
import org.postbane.daemon.ControlSocket;
import org.postbane.daemon.Supervisor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code postbane run}. */
@Command(name = "run", description = "Run the daemon in the foreground, until SIGTERM or SIGINT.")
final class RunCommand implements Callable<Integer> {

    private static final long STOP_SECONDS = 20;

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    RunCommand(Session session) {
        this.session = session;
    }

    RunCommand(Session session, CommonOptions common) {
        this.session = session;
        this.common = common;
    }

    @Override
    public Integer call() throws Exception {
        if (session.agent() != null) {
            throw new Failure(ExitStatus.USAGE, "run is no command for a running daemon");
        }
        Configuration configuration = common.configuration();
        if (configuration.sources().isEmpty()) {
            throw new Failure(ExitStatus.CONFIG, "no [source NAME] section: nothing to read");
        }
        Logger log = LoggerFactory.getLogger("postbane");
        Thread runner = Thread.currentThread();
        try (Agent agent = Agent.open(configuration, Clock.systemUTC())) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(agent, runner), "stop"));
            ControlSocket control = open(configuration, agent);
            try {
                log.info(
                        "reading {} sources, {} bans in force",
                        configuration.sources().size(),
                        agent.restored());
                agent.run(Supervisor.of(System.getenv(), ProcessHandle.current().pid()));
            } finally {
                control.close(); // before the agent, so that no command finds it closed
            }
            log.info("stopping");
        }
        return ExitStatus.OK;
    }

    private ControlSocket open(Configuration configuration, Agent agent) throws Failure {
        try {
            return ControlSocket.open(common.socket(configuration), Cli.handler(agent));
        } catch (IOException e) {
            throw new Failure(ExitStatus.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
    }

    /**
     * On a signal: has the agent stop, and keeps the process alive until it has committed and closed, and its thread has
     * ended the process with the command's own status. Would this return first, the status were 143 now and then.
     */
    private static void stop(Agent agent, Thread runner) {
        agent.stop();
        try {
            runner.join(TimeUnit.SECONDS.toMillis(STOP_SECONDS));
            LoggerFactory.getLogger("postbane").warn("did not stop within {} s", STOP_SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
