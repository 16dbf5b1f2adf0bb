package org.postbane.parse;

import java.util.function.Consumer;
import org.postbane.source.Line;

/** A log that a program writes itself, whose lines bear no syslog header. Not thread-safe. */
interface OwnFile {

    /** Reads {@code line}, and sets its time and writer in {@code header}; false if it is none of the program's. */
    boolean parse(Line line, SyslogHeader header, Consumer<LogEvent> out);

    /** Whether the line that was read last is known to state nothing. */
    boolean knowsLast();

    /** The line that was read last, as far as it is the program's own text. */
    Line last();

    /** The line that was read last stated nothing, and is not known to state nothing. */
    default void puzzled() {}
}
