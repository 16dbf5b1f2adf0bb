package org.postbane.cli;

import java.nio.file.Path;
import java.time.Clock;
import java.util.OptionalInt;
import org.postbane.config.Configuration;
import org.postbane.daemon.Agent;
import org.postbane.daemon.AgentControl;

/**
 * Finds the agent for a command: the one that it runs in; else the daemon of the configuration, which then runs the whole
 * command; else, where no daemon runs, one opened for this command alone.
 */
final class AgentAccess {

    /** What a command does with an agent; its exit status. */
    interface Work {
        int with(AgentControl agent) throws Exception;
    }

    /** What to do where no daemon runs. */
    enum Alone {
        /** Give up: exit status 69. */
        REFUSE,
        /** Look into the store only. */
        LOOK,
        /** Open the store, and the actions too, so that changes hold at once. */
        ENFORCE
    }

    private AgentAccess() {}

    static int run(Session session, CommonOptions common, Alone alone, Work work) throws Exception {
        if (session.agent() != null) {
            return work.with(session.agent());
        }
        Configuration configuration = common.configuration();
        Path socket = common.socket(configuration);
        OptionalInt answered = session.remote() == null
                ? OptionalInt.empty()
                : session.remote().run(socket);
        if (answered.isPresent()) {
            return answered.getAsInt();
        }
        if (alone == Alone.REFUSE) {
            throw new Failure(ExitStatus.UNAVAILABLE, "no daemon listens on " + socket);
        }
        try (Agent agent = alone == Alone.ENFORCE
                ? Agent.open(configuration, Clock.systemUTC())
                : Agent.openStore(configuration, Clock.systemUTC())) {
            return work.with(agent);
        }
    }
}
