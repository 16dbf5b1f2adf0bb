package org.postbane.parse;

import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.source.Line;

/**
 * Lines of Exim's own files: main log and reject log, which bear neither host nor program. The entries of the latter go on in
 * lines without a stamp. Shapes of the stamp: {@code tod_stamp()} in Exim's {@code src/tod.c}, with the log selectors {@code millisec}
 * and {@code log_timezone}.
 */
final class EximFile implements OwnFile {

    private static final String NAME = "exim";

    private final EximParser parser;
    private final Line body = new Line();
    private final Program unnumbered = new Program("", NAME, 0);

    /** When the entry at hand was written; null before the first. */
    private @Nullable Instant entry;

    EximFile(EximParser parser) {
        this.parser = parser;
    }

    @Override
    public boolean knowsLast() {
        return parser.knows(body);
    }

    @Override
    public Line last() {
        return parser.last();
    }

    @Override
    public boolean parse(Line line, SyslogHeader header, Consumer<LogEvent> out) {
        int text = header.parseOwn(line);
        if (text >= 0) {
            entry = header.stamp();
            header.set(entry, unnumbered);
            body.set(line.bytes(), text, line.end());
            parser.parseOwn(body, header, out);
            return true;
        }
        if (entry == null) {
            return false;
        }
        header.set(entry, unnumbered);
        parser.parseMore(line, header, out);
        return true;
    }
}
