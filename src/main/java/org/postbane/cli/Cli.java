package org.postbane.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.postbane.config.ConfigException;
import org.postbane.daemon.AgentControl;
import org.postbane.daemon.CommandHandler;
import org.postbane.store.StoreException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The command line: parses the words, runs the command, turns what goes wrong into one line each and an exit status. */
public final class Cli {

    private Cli() {}

    /**
     * Runs a command in this process.
     *
     * @param remote the way to a daemon, for the commands that want one
     */
    public static int run(
            String[] words, int columns, InputStream in, OutputStream out, OutputStream err, Remote remote) {
        try (PrintStream bufferedOut = printer(new BufferedOutputStream(out, 1 << 16));
                PrintStream plainErr = printer(err)) {
            return execute(words, new Session(in, bufferedOut, plainErr, columns, null, remote));
        }
    }

    /** Runs commands for the clients of a running agent. */
    static CommandHandler handler(AgentControl agent) {
        return (List<String> words, int columns, OutputStream out, OutputStream err) -> {
            PrintStream printer = printer(out);
            PrintStream errors = printer(err);
            int status = execute(
                    words.toArray(String[]::new),
                    new Session(InputStream.nullInputStream(), printer, errors, columns, agent, null));
            printer.flush();
            errors.flush();
            if (printer.checkError()) {
                throw new IOException("the client went away");
            }
            return status;
        };
    }

    private static PrintStream printer(OutputStream out) {
        return new PrintStream(out, false, StandardCharsets.UTF_8);
    }

    private static int execute(String[] words, Session session) {
        CommandLine line = new CommandLine(new Postbane(), new Factory(session))
                .setOut(new java.io.PrintWriter(session.out(), true, StandardCharsets.UTF_8))
                .setErr(new java.io.PrintWriter(session.err(), true, StandardCharsets.UTF_8))
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(Math.max(60, session.columns() == 0 ? 100 : Math.min(session.columns(), 120)))
                .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
                .setParameterExceptionHandler(Cli::usage)
                .setExecutionExceptionHandler((exception, at, parsed) -> failed(exception, session.err()));
        int status = line.execute(words);
        session.out().flush();
        session.err().flush();
        return status;
    }

    /** Commands get the session in their constructor; picocli's own objects are made by picocli. */
    private record Factory(Session session) implements CommandLine.IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            for (var constructor : type.getDeclaredConstructors()) {
                if (constructor.getParameterCount() == 1 && constructor.getParameterTypes()[0] == Session.class) {
                    return type.cast(constructor.newInstance(session));
                }
            }
            return CommandLine.defaultFactory().create(type);
        }
    }

    private static int usage(ParameterException wrong, String[] words) {
        CommandLine at = wrong.getCommandLine();
        String name = at.getCommandSpec().qualifiedName();
        at.getErr().println("postbane: " + oneLine(wrong.getMessage()) + " (see " + name + " --help)");
        return ExitStatus.USAGE;
    }

    private static int failed(Exception exception, PrintStream err) throws Exception {
        Throwable cause = exception instanceof UncheckedIOException io ? io.getCause() : exception;
        if (cause instanceof ConfigException config) {
            config.faults().forEach(err::println);
            return ExitStatus.CONFIG;
        }
        if (cause instanceof Failure failure) {
            err.println("postbane: " + oneLine(failure.getMessage()));
            return failure.status();
        }
        if (cause instanceof CancellationException) {
            err.println("postbane: the daemon is stopping");
            return ExitStatus.UNAVAILABLE;
        }
        if (cause instanceof StoreException store) {
            err.println("postbane: " + oneLine(store.getMessage()));
            return store.kind() == StoreException.Kind.NOT_ALLOWED ? ExitStatus.NOT_ALLOWED : ExitStatus.UNAVAILABLE;
        }
        if (cause instanceof IOException io) {
            err.println("postbane: " + oneLine(io.getMessage()));
            return ExitStatus.NO;
        }
        throw exception; // our bug: with its stack trace
    }

    private static String oneLine(@Nullable String text) {
        return String.valueOf(text).replaceAll("\\s*[\\r\\n]+\\s*", " ");
    }
}
