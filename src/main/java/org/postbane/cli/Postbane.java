package org.postbane.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program as a whole: knows its commands. */
@Command(
        name = "postbane",
        mixinStandardHelpOptions = true,
        versionProvider = Postbane.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = {
            "Reads mail.log, finds out which client really sent each spam, and keeps the guilty out.",
            "",
            "Exit status: 0 done; 1 the answer is no, or something failed; 64 wrong usage; 66 no input; 69 no daemon or"
                    + " tool; 77 not allowed; 78 wrong configuration."
        },
        subcommands = {
            ScanCommand.class,
            EventsCommand.class,
            RunCommand.class,
            BanCommand.class,
            UnbanCommand.class,
            ListCommand.class,
            StatusCommand.class,
            ExplainCommand.class,
            MapCommand.class,
            ExportCommand.class,
            ActionCommand.class,
            FlushCommand.class,
            CheckCommand.class
        })
final class Postbane implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = CommandLine.class.getPackage() == null
                    ? null
                    : Postbane.class.getPackage().getImplementationVersion();
            return new String[] {"postbane " + (version == null ? "(development)" : version)};
        }
    }
}
