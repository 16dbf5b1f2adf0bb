package org.postbane;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.postbane.cli.Cli;
import org.postbane.cli.Remote;
import org.postbane.client.Client;

/**
 * The program. A command for a daemon is sent to the socket before anything else is loaded; all others, and those that find
 * no daemon, go to the command line in this process; those that read whole logs to a JVM that suits them ({@link SuitedJvm}).
 */
public final class Main {

    private static final String SOCKET = "/run/postbane/postbane.sock";

    private Main() {}

    public static void main(String[] args) {
        OptionalInt elsewhere = SuitedJvm.run(args);
        int status = elsewhere.isPresent() ? elsewhere.getAsInt() : here(args);
        Runtime.getRuntime().halt(status); // no shutdown hooks: whoever needs one has run by now
    }

    private static int here(String[] args) {
        OutputStream out = new FileOutputStream(FileDescriptor.out); // unlike System.out it tells of a full disk
        int status = args.length > 0 && isForDaemon(args[0]) && !has(args, "--config") && !has(args, "--help")
                ? client(Path.of(socket(args)), out, args)
                : Client.NO_DAEMON;
        if (status == Client.NO_DAEMON) {
            status = Cli.run(args, Client.columns(), System.in, out, System.err, new Daemon(out, List.of(args)));
        }
        return status;
    }

    private static boolean isForDaemon(String word) {
        return switch (word) {
            case "ban", "unban", "list", "status", "explain", "flush", "action" -> true;
            default -> false;
        };
    }

    private static boolean has(String[] args, String option) {
        for (String arg : args) {
            if (arg.startsWith(option)) {
                return true;
            }
        }
        return false;
    }

    /** {@code --socket PATH} or {@code --socket=PATH}, $POSTBANE_SOCKET, or the default. */
    private static String socket(String[] args) {
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--socket") && i + 1 < args.length) {
                return args[i + 1];
            }
            if (args[i].startsWith("--socket=")) {
                return args[i].substring("--socket=".length());
            }
        }
        String environment = System.getenv("POSTBANE_SOCKET");
        return environment == null || environment.isEmpty() ? SOCKET : environment;
    }

    /** The way to it for commands that find out by the configuration where it listens. */
    private record Daemon(OutputStream out, List<String> args) implements Remote {

        @Override
        public OptionalInt run(Path socket) {
            return run(socket, args, out);
        }

        @Override
        public OptionalInt run(Path socket, List<String> words, OutputStream to) {
            return answer(client(socket, to, words.toArray(String[]::new)));
        }

        private static OptionalInt answer(int status) {
            return status == Client.NO_DAEMON ? OptionalInt.empty() : OptionalInt.of(status);
        }
    }

    private static int client(Path socket, OutputStream out, String[] args) {
        try {
            return Client.run(socket, args, Client.columns(), out, System.err);
        } catch (IOException e) {
            if (!"Broken pipe".equals(e.getMessage())) { // | head: it has what it wanted
                System.err.println("postbane: " + e.getMessage());
            }
            return 1;
        }
    }
}
