package org.postbane.parse;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.postbane.source.Line;

/**
 * Lines of rspamd's own file ({@code type = file}, which is its default), which bear neither host nor program. Shape: {@code
 * rspamd_log_file_log()} in {@code src/libserver/logger/logger_file.c}, with the options {@code log_usec} and {@code log_severity}.
 *
 * <pre>
 * 2026-11-21 09:15:23 #7101(rspamd_proxy) &lt;17eed9&gt;; proxy; rspamd_task_write_log: id: ...
 * 2026-11-21 09:15:23.31845 [info] #7101(rspamd_proxy) &lt;17eed9&gt;; proxy; rspamd_task_write_log: id: ...
 * </pre>
 */
final class RspamdFile implements OwnFile {

    private static final String NAME = "rspamd";
    private static final int MOST_SEVERITY = "[critical] ".length();
    private static final int MOST_TYPE = 32;

    private final RspamdParser parser;
    private final ProgramTable.Entry program;
    private final Line body = new Line();

    RspamdFile(RspamdParser parser) {
        this.parser = parser;
        this.program = new ProgramTable.Entry(NAME.getBytes(StandardCharsets.US_ASCII), parser, NAME);
    }

    @Override
    public boolean knowsLast() {
        return parser.knows(body);
    }

    @Override
    public void puzzled() {
        parser.puzzled(body);
    }

    @Override
    public Line last() {
        return body;
    }

    @Override
    public boolean parse(Line line, SyslogHeader header, Consumer<LogEvent> out) {
        int number = header.parseOwn(line);
        if (number >= 0 && line.bytes()[number] == '[') {
            int blank = line.indexOf(' ', number);
            boolean severity = blank >= 0 && blank - number < MOST_SEVERITY && line.bytes()[blank - 1] == ']';
            number = severity ? blank + 1 : -1;
        }
        if (number < 0 || number >= line.end() || line.bytes()[number] != '#') {
            return false;
        }
        int end = PostfixText.endOfNumber(line, number + 1);
        int pid = PostfixText.number(line, number + 1, end);
        int close = line.indexOf(')', end);
        if (pid < 0
                || line.bytes()[end] != '('
                || close < 0
                || close - end > MOST_TYPE
                || close + 1 >= line.end()
                || line.bytes()[close + 1] != ' ') {
            return false;
        }
        header.set(header.stamp(), program.process("", pid));
        body.set(line.bytes(), close + 2, line.end());
        parser.parse(body, header, out);
        return true;
    }
}
