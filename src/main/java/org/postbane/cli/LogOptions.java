package org.postbane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postbane.parse.LineTimes;
import org.postbane.source.LineSink;
import org.postbane.source.LogFiles;
import org.postbane.source.WholeJournal;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Which logs a command reads, and how their time stamps are to be understood. */
final class LogOptions {

    @Option(
            names = "--year",
            paramLabel = "YEAR",
            description =
                    "Year of the first line's stamp, where stamps have none (default: so that it is nearest to now).")
    private @Nullable Integer year;

    @Option(
            names = "--zone",
            paramLabel = "ZONE",
            converter = ZoneConverter.class,
            description = "Time zone of stamps that name none, e.g. UTC or Europe/Paris (default: this system's).")
    private @Nullable ZoneId zone;

    @Parameters(
            arity = "1..*",
            paramLabel = "LOG",
            description =
                    "Log files in order: plain, .gz, .zst, .journal; - for standard input; journal: or journal:DIR for systemd's journal.")
    private List<String> logs = List.of();

    static final class ZoneConverter implements ITypeConverter<ZoneId> {
        @Override
        public ZoneId convert(String text) {
            try {
                return ZoneId.of(text);
            } catch (java.time.DateTimeException e) {
                throw new TypeConversionException("'" + text + "' is no time zone");
            }
        }
    }

    List<String> logs() {
        return logs;
    }

    ZoneId zone() {
        return zone == null ? ZoneId.systemDefault() : zone;
    }

    /** Stamps without a year begin in this year, and follow one another; else they are near to now. */
    boolean hasYear() {
        return year != null;
    }

    Instant reference() {
        return year == null
                ? Instant.now()
                : LocalDate.of(year, 7, 1).atStartOfDay(zone()).toInstant();
    }

    /** Says no before anything is read if a log cannot be read at all. */
    void requireReadable() throws Failure {
        if (year != null && (year < 1970 || year > 9999)) {
            throw new Failure(ExitStatus.USAGE, "--year " + year + ": expected 1970 to 9999");
        }
        for (String log : logs) {
            if (log.equals(LogFiles.STANDARD_INPUT)) {
                continue;
            }
            boolean journal = WholeJournal.isNamedBy(log);
            if (journal && WholeJournal.path(log).isEmpty()) {
                continue;
            }
            Path path = Path.of(journal ? WholeJournal.path(log) : log);
            if (!Files.exists(path)) {
                throw new Failure(ExitStatus.NO_INPUT, log + ": no such file");
            }
            if (!journal && Files.isDirectory(path)) {
                throw new Failure(ExitStatus.NO_INPUT, log + ": is a directory");
            }
            if (!Files.isReadable(path)) {
                throw new Failure(ExitStatus.NO_INPUT, log + ": permission denied");
            }
        }
    }

    /** All logs as one stream, in order of time. */
    void readTogether(LogFiles files, LineSink sink) throws Failure {
        try {
            files.readTogether(logs, new LineTimes(zone(), reference(), hasYear()), sink);
        } catch (IOException e) {
            throw new Failure(ExitStatus.NO_INPUT, String.valueOf(e.getMessage()));
        }
    }

    static void read(LogFiles files, String log, LineSink sink) throws Failure {
        try {
            files.read(log, sink);
        } catch (IOException e) {
            throw new Failure(ExitStatus.NO_INPUT, String.valueOf(e.getMessage()));
        }
    }
}
