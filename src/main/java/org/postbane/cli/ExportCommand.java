package org.postbane.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import org.postbane.act.Feed;
import org.postbane.daemon.AgentControl;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code postbane export}. */
@Command(name = "export", description = "Print the bans in force in the format of another program.")
final class ExportCommand implements Callable<Integer> {

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
    private String output = AgentAccess.STANDARD_OUTPUT;

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
        List<String> words = List.of("export", "--format", format, "--expires", expires);
        return AgentAccess.output(session, common, output, words, agent -> made(agent, feed), ExportCommand::write);
    }

    private static void write(Path file, String made) throws Failure {
        try {
            Feed.write(file, made);
        } catch (IOException e) {
            throw new Failure(ExitStatus.NO, file + ": " + e.getMessage());
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
