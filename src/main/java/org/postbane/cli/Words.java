package org.postbane.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.postbane.config.Durations;
import org.postbane.daemon.AgentControl;
import org.postbane.decide.Ban;
import org.postbane.model.Subject;
import org.postbane.store.StoreException;

/** Words that several commands understand alike. */
final class Words {

    private Words() {}

    static List<Subject> subjects(List<String> words) throws Failure {
        List<Subject> subjects = new ArrayList<>();
        for (String word : words) {
            try {
                subjects.add(Subject.parse(word));
            } catch (IllegalArgumentException e) {
                throw new Failure(ExitStatus.USAGE, String.valueOf(e.getMessage()));
            }
        }
        return subjects;
    }

    static Duration duration(String word, boolean forEver) throws Failure {
        try {
            return forEver ? Durations.parseOrForever(word) : Durations.parse(word);
        } catch (IllegalArgumentException e) {
            throw new Failure(ExitStatus.USAGE, String.valueOf(e.getMessage()));
        }
    }

    static void printBans(Session session, String name, List<Ban> bans) throws IOException {
        try (Json out = new Json(session.out())) {
            out.begin().beginList(name);
            for (Ban ban : bans) {
                BanText.write(out, ban);
            }
            out.endList().end().endLine();
        }
    }

    static int notEverywhere(AgentControl agent, Session session) throws StoreException {
        agent.status()
                .actions()
                .forEach(action -> action.lastError()
                        .ifPresent(why -> session.err().println("postbane: action " + action.name() + ": " + why)));
        session.err().println("postbane: recorded, but it does not hold everywhere yet; it is tried again");
        return ExitStatus.NO;
    }
}
