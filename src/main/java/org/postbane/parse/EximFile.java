package org.postbane.parse;

import java.time.ZoneId;
import java.util.function.Consumer;
import org.postbane.source.Line;

/** Lines of Exim's own files: main log and reject log. The entries of the latter go on in lines without a stamp. */
final class EximFile {

    private static final String NAME = "exim";

    private final EximStamp stamp;
    private final EximParser parser;
    private final Line body = new Line();
    private final Program unnumbered = new Program(NAME, 0);
    private boolean inEntry;

    EximFile(ZoneId zone, EximParser parser) {
        this.stamp = new EximStamp(zone);
        this.parser = parser;
    }

    /** Whether the line that was read last is known to state nothing. */
    boolean knowsLast() {
        return parser.knows(body);
    }

    /** The line that was read last. */
    Line last() {
        return parser.last();
    }

    /** Reads {@code line}, which has no syslog header; false if it is none of Exim's either. */
    boolean parse(Line line, SyslogHeader header, Consumer<LogEvent> out) {
        if (stamp.parse(line)) {
            inEntry = true;
            header.set(stamp.at(), unnumbered);
            body.set(line.bytes(), stamp.bodyStart(), line.end());
            parser.parseOwn(body, header, out);
            return true;
        }
        if (!inEntry) {
            return false;
        }
        header.set(stamp.at(), unnumbered);
        parser.parseMore(line, header, out);
        return true;
    }
}
