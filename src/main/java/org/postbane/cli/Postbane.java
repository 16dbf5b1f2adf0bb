package org.postbane.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The program as a whole: knows its commands. What picocli has to know of a command it finds out by looking at its class, which
 * for all of them takes longer than most commands do: so it is told of the one that is meant only.
 */
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
        })
final class Postbane implements Runnable {

    /** In the order in which the help lists them. */
    private static final List<String> COMMANDS = List.of(
            "scan", "events", "run", "ban", "unban", "list", "status", "explain", "map", "export", "action", "flush",
            "check");

    private static Class<?> command(String name) {
        return switch (name) {
            case "scan" -> ScanCommand.class;
            case "events" -> EventsCommand.class;
            case "run" -> RunCommand.class;
            case "ban" -> BanCommand.class;
            case "unban" -> UnbanCommand.class;
            case "list" -> ListCommand.class;
            case "status" -> StatusCommand.class;
            case "explain" -> ExplainCommand.class;
            case "map" -> MapCommand.class;
            case "export" -> ExportCommand.class;
            case "action" -> ActionCommand.class;
            case "flush" -> FlushCommand.class;
            case "check" -> CheckCommand.class;
            default -> throw new AssertionError(name);
        };
    }

    /** Ready to understand {@code words}: knows the command that they begin with, or all where they begin with none. */
    static CommandLine line(String[] words, CommandLine.IFactory factory) {
        CommandLine line = new CommandLine(new Postbane(), factory);
        List<String> names = words.length > 0 && COMMANDS.contains(words[0]) ? List.of(words[0]) : COMMANDS;
        names.forEach(name -> line.addSubcommand(command(name)));
        return line;
    }

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
