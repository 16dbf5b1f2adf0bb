package org.postbane.parse;

import java.util.function.Consumer;
import org.postbane.source.Line;

/** Understands the lines of one program. Odd input yields no event and no exception. */
interface LineParser {

    /**
     * Hands on the event that {@code body} states, if any.
     *
     * @param body the line after its syslog header; valid during the call only
     * @param header of the same line: when, and who wrote it
     */
    void parse(Line body, SyslogHeader header, Consumer<LogEvent> out);

    /**
     * Whether a line of which {@link #parse} made nothing is known to state nothing; otherwise it counts as unknown. Asked for
     * such lines only; allocates nothing.
     */
    default boolean knows(Line body) {
        return false;
    }

    /** Takes note of a line that counts as unknown. */
    default void puzzled(Line body) {}
}
