package org.postbane.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import org.postbane.config.Configuration;
import org.postbane.parse.LogEvent;
import org.postbane.parse.LogParser;
import org.postbane.source.LogFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code postbane events}. */
@Command(name = "events", description = "Print each line that states an event, as it was understood.")
final class EventsCommand implements Callable<Integer> {

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Mixin
    private LogOptions logs = new LogOptions();

    @Option(names = "--json", description = "One JSON object on each line instead of text.")
    private boolean json;

    private long line;
    private String file = "";

    EventsCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Configuration configuration = common.configuration();
        logs.requireReadable();
        boolean several = logs.logs().size() > 1;
        try (EventWriter writer =
                json ? new EventWriter.AsJson(session.out()) : new EventWriter.AsText(session.out())) {
            LogParser parser = new LogParser(
                    configuration.filter(),
                    logs.zone(),
                    logs.reference(),
                    logs.hasYear(),
                    event -> write(writer, event, several));
            LogFiles files = new LogFiles(session.in());
            for (String log : logs.logs()) {
                file = log;
                line = 0;
                LogOptions.read(files, log, text -> {
                    line++;
                    parser.accept(text);
                });
            }
        }
        return ExitStatus.OK;
    }

    private void write(EventWriter writer, LogEvent event, boolean several) {
        try {
            writer.write(several ? file : null, line, event);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (session.out().checkError()) {
            throw new UncheckedIOException(new IOException("standard output was closed"));
        }
    }
}
