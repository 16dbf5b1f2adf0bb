package org.postbane.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postbane.config.ConfigException;
import org.postbane.config.ConfigReader;
import org.postbane.config.Configuration;
import picocli.CommandLine.Option;

/** The options that every command has. */
final class CommonOptions {

    @Option(
            names = "--config",
            paramLabel = "DIR",
            description = "Read the configuration from DIR instead of /etc/postbane.")
    private @Nullable Path config;

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            description = "Socket of the daemon (default: $$POSTBANE_SOCKET, then the configuration's).")
    private @Nullable Path socket;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    /** As picocli makes it, and then sets the fields. */
    CommonOptions() {}

    private CommonOptions(@Nullable Path config, @Nullable Path socket) {
        this.config = config;
        this.socket = socket;
    }

    /**
     * Reads {@code --config DIR} and {@code --socket PATH}, each once at most, from the words after the command. For the start
     * of the daemon, which has no 0.2 s for picocli.
     *
     * @return null where there is anything else, which is for picocli to understand or to explain
     */
    static @Nullable CommonOptions plain(List<String> words) {
        Path config = null;
        Path socket = null;
        for (int i = 0; i + 1 < words.size(); i += 2) {
            String value = words.get(i + 1);
            if (words.get(i).equals("--config") && config == null && isPlain(value)) {
                config = Path.of(value);
            } else if (words.get(i).equals("--socket") && socket == null && isPlain(value)) {
                socket = Path.of(value);
            } else {
                return null;
            }
        }
        return words.size() % 2 == 0 ? new CommonOptions(config, socket) : null;
    }

    /** No option, no quotes, nothing that is no path. */
    private static boolean isPlain(String value) {
        return !value.isEmpty() && value.indexOf('\0') < 0 && "-\"'@".indexOf(value.charAt(0)) < 0;
    }

    Configuration configuration() throws ConfigException {
        return ConfigReader.read(Optional.ofNullable(config));
    }

    /** Where the daemon of this configuration listens. */
    Path socket(Configuration configuration) {
        String environment = System.getenv("POSTBANE_SOCKET");
        if (socket != null) {
            return socket;
        }
        return environment == null || environment.isEmpty() ? configuration.socket() : Path.of(environment);
    }
}
