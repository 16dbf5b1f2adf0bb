package org.postbane.cli;

import java.util.concurrent.Callable;
import org.postbane.config.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code postbane check}. */
@Command(name = "check", description = "Check the configuration; print all faults at once.")
final class CheckCommand implements Callable<Integer> {

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    CheckCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Configuration configuration = common.configuration();
        configuration.files().forEach(file -> session.out().println("read " + file));
        session.out()
                .printf(
                        "sources: %d, jails: %d, actions: %d, allowed: %d; all well%n",
                        configuration.sources().size(),
                        configuration.sentencings().size(),
                        configuration.actions().size(),
                        configuration.allow().size());
        return ExitStatus.OK;
    }
}
