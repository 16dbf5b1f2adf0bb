package org.postbane.parse;

import java.util.function.Consumer;
import org.postbane.source.Line;

/**
 * A program that states nothing: it is read only so that its unknown lines are told from its known ones.
 *
 * @param silent what it is known to print
 */
record SilentParser(Silent silent) implements LineParser {

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {}

    @Override
    public boolean knows(Line body) {
        return silent.matches(body);
    }
}
