package org.postbane.cli;

import java.nio.file.Path;
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
