package org.postbane.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.postbane.act.Feed;
import org.postbane.config.Configuration;
import org.postbane.daemon.Agent;
import org.postbane.daemon.AgentControl;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code postbane export}. A file is written by the process that the user has started, with that user's rights; from a daemon comes
 * the text alone.
 */
@Command(name = "export", description = "Print the bans in force in the format of another program.")
final class ExportCommand implements Callable<Integer> {

    private static final String STANDARD_OUTPUT = "-";
    private static final String HOUR = "1h";

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Option(
            names = "--format",
            required = true,
            paramLabel = "F",
            description = "plain, json, cidr (postscreen), rbldnsd or hosts-deny.")
    private String format = "";

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = "Written aside and renamed (default: standard output).")
    private String output = STANDARD_OUTPUT;

    @Option(
            names = "--expires",
            paramLabel = "DURATION",
            description = "How long a list of rbldnsd's may be used (default: " + HOUR + ").")
    private String expires = HOUR;

    ExportCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Feed feed = feed();
        if (session.agent() != null) {
            if (!output.equals(STANDARD_OUTPUT)) {
                throw new Failure(ExitStatus.USAGE, "the daemon writes no file for others: --output -");
            }
            session.out().print(made(session.agent(), feed));
            return ExitStatus.OK;
        }
        @Nullable String made = null;
        Configuration configuration = common.configuration();
        if (session.remote() != null) {
            ByteArrayOutputStream captured = new ByteArrayOutputStream();
            List<String> words = List.of("export", "--format", format, "--expires", expires);
            OptionalInt answered = session.remote().run(common.socket(configuration), words, captured);
            if (answered.isPresent() && answered.getAsInt() != ExitStatus.OK) {
                return answered.getAsInt();
            }
            made = answered.isPresent() ? captured.toString(StandardCharsets.UTF_8) : null;
        }
        if (made == null) {
            try (Agent agent = Agent.openStore(configuration, Clock.systemUTC())) {
                made = made(agent, feed);
            }
        }
        if (output.equals(STANDARD_OUTPUT)) {
            session.out().print(made);
            return ExitStatus.OK;
        }
        try {
            Feed.write(Path.of(output).toAbsolutePath(), made);
            return ExitStatus.OK;
        } catch (IOException e) {
            throw new Failure(ExitStatus.NO, output + ": " + e.getMessage());
        }
    }

    private Feed feed() throws Failure {
        try {
            return new Feed(Feed.Format.parse(format), Words.duration(expires, false));
        } catch (IllegalArgumentException e) {
            throw new Failure(ExitStatus.USAGE, String.valueOf(e.getMessage()));
        }
    }

    private static String made(AgentControl agent, Feed feed) throws Exception {
        return feed.text(agent.bans(), agent.allowed(), Clock.systemUTC().instant());
    }
}
