package org.postbane.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.OptionalInt;
import org.postbane.config.Configuration;
import org.postbane.daemon.Agent;
import org.postbane.daemon.AgentControl;
import org.postbane.store.StoreException;

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

    /** The text that a command makes of the bans in force. */
    interface Text {
        String of(AgentControl agent) throws Exception;
    }

    /** How a file is made of such a text. */
    interface Writing {
        void write(Path file, String text) throws Failure;
    }

    /** As the name of a file. */
    static final String STANDARD_OUTPUT = "-";

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
        try (Agent agent = open(configuration, socket, alone)) {
            return work.with(agent);
        }
    }

    /**
     * Prints, or writes into a file, a text that an agent makes. The file is written by the process that the user has started,
     * with that user's rights; from a daemon comes the text alone.
     *
     * @param output a file, or {@value #STANDARD_OUTPUT}
     * @param words what a daemon is asked for, so that it prints the text
     */
    static int output(
            Session session, CommonOptions common, String output, List<String> words, Text text, Writing writing)
            throws Exception {
        boolean prints = output.equals(STANDARD_OUTPUT);
        if (session.agent() != null) {
            if (!prints) {
                throw new Failure(ExitStatus.USAGE, "the daemon writes no file for others: --output -");
            }
            session.out().print(text.of(session.agent()));
            return ExitStatus.OK;
        }
        Configuration configuration = common.configuration();
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        OptionalInt answered = session.remote() == null
                ? OptionalInt.empty()
                : session.remote().run(common.socket(configuration), words, captured);
        if (answered.isPresent() && answered.getAsInt() != ExitStatus.OK) {
            return answered.getAsInt();
        }
        String made = captured.toString(StandardCharsets.UTF_8);
        if (answered.isEmpty()) {
            try (Agent agent = open(configuration, common.socket(configuration), Alone.LOOK)) {
                made = text.of(agent);
            }
        }
        if (prints) {
            session.out().print(made);
        } else {
            writing.write(Path.of(output).toAbsolutePath(), made);
        }
        return ExitStatus.OK;
    }

    private static Agent open(Configuration configuration, Path socket, Alone alone) throws StoreException, Failure {
        LogSetup.warningsOnly();
        try {
            return alone == Alone.ENFORCE
                    ? Agent.open(configuration, Clock.systemUTC())
                    : Agent.openStore(configuration, Clock.systemUTC());
        } catch (StoreException e) {
            if (e.kind() != StoreException.Kind.NOT_ALLOWED) {
                throw e;
            }
            // who asks for a list does not know that the database is opened for that
            throw new Failure(
                    ExitStatus.NOT_ALLOWED, "no daemon listens on %s, and %s".formatted(socket, e.getMessage()));
        }
    }

    /** Throws where none of the actions that a user has named is there. */
    static void requireActions(boolean found) throws Failure {
        if (!found) {
            throw new Failure(ExitStatus.NO, "there is no such action");
        }
    }
}
