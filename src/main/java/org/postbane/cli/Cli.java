package org.postbane.cli;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
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
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line: parses the words, runs the command, turns what goes wrong into one line each and an exit status. */
public final class Cli {

    private Cli() {}

    /**
     * Runs a command in this process.
     *
     * @param out throws, where it cannot be written; a {@link PrintStream} does not
     * @param remote the way to a daemon, for the commands that want one
     */
    public static int run(
            String[] words, int columns, InputStream in, OutputStream out, OutputStream err, Remote remote) {
        StandardOutput checked = new StandardOutput(out);
        try (PrintStream bufferedOut = printer(new BufferedOutputStream(checked, 1 << 16));
                PrintStream plainErr = printer(err)) {
            int status = execute(words, new Session(in, bufferedOut, plainErr, columns, null, remote));
            if (checked.fault == null || status > ExitStatus.NO) {
                return status;
            }
            if (!checked.readerIsGone()) {
                plainErr.println("postbane: standard output: " + oneLine(checked.fault.getMessage()));
            }
            return ExitStatus.NO;
        }
    }

    /** Remembers why it could not be written, which a print stream does not. */
    private static final class StandardOutput extends FilterOutputStream {

        private @Nullable IOException fault;

        StandardOutput(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                out.write(bytes, from, length);
            } catch (IOException e) {
                fault = e;
                throw e;
            }
        }

        /** {@code | head}: it has what it wanted, and nobody needs to be told. */
        boolean readerIsGone() {
            return fault != null && "Broken pipe".equals(fault.getMessage());
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
        CommonOptions options = words.length > 0 && words[0].equals("run")
                ? CommonOptions.plain(List.of(words).subList(1, words.length))
                : null;
        int status = options == null ? understood(words, session) : run(options, session);
        session.out().flush();
        session.err().flush();
        return status;
    }

    /** The daemon, without picocli: the bans hold 0.2 s earlier, and it takes less memory. */
    private static int run(CommonOptions options, Session session) {
        try {
            return new RunCommand(session, options).call();
        } catch (Exception e) {
            try {
                return failed(e, session);
            } catch (Exception bug) {
                bug.printStackTrace(session.err());
                return ExitStatus.NO;
            }
        }
    }

    private static int understood(String[] words, Session session) {
        CommandLine line = Postbane.line(words, new Factory(session))
                .setOut(new java.io.PrintWriter(session.out(), true, StandardCharsets.UTF_8))
                .setErr(new java.io.PrintWriter(session.err(), true, StandardCharsets.UTF_8))
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(Math.max(60, session.columns() == 0 ? 100 : Math.min(session.columns(), 120)))
                .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
                .setParameterExceptionHandler(Cli::usage)
                .setExecutionExceptionHandler((exception, at, parsed) -> failed(exception, session));
        return line.execute(words);
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
        String what = wrong.getMessage();
        if (at.getParent() == null
                && wrong instanceof UnmatchedArgumentException unmatched
                && !unmatched.isUnknownOption()) {
            what = "no such command: " + unmatched.getUnmatched().get(0);
        }
        at.getErr().println("postbane: " + oneLine(what) + " (see " + name + " --help)");
        return ExitStatus.USAGE;
    }

    private static int failed(Exception exception, Session session) throws Exception {
        PrintStream err = session.err();
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
            if (session.out().checkError()) {
                return ExitStatus.NO; // why, is told once, by whoever has the output
            }
            err.println("postbane: " + oneLine(io.getMessage()));
            return ExitStatus.NO;
        }
        throw exception; // our bug: with its stack trace
    }

    private static String oneLine(@Nullable String text) {
        return String.valueOf(text).replaceAll("\\s*[\\r\\n]+\\s*", " ");
    }
}
