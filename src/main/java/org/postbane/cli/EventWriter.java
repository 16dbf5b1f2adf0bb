package org.postbane.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postbane.parse.LogEvent;

/** Prints events, one on each line. */
sealed interface EventWriter extends AutoCloseable {

    /** @param file null where only one is read */
    void write(@Nullable String file, long line, LogEvent event) throws IOException;

    @Override
    void close() throws IOException;

    /** {@code {"line": 12, "time": "...", "program": "postfix/smtpd", "event": "client", ...}}. */
    final class AsJson implements EventWriter {

        private final Json out;
        private final EventMembers members = new EventMembers();

        AsJson(PrintStream stream) throws IOException {
            out = new Json(stream);
        }

        @Override
        public void write(@Nullable String file, long line, LogEvent event) throws IOException {
            members.of(event);
            out.begin().member("file", file).member("line", line).object("time", event.at());
            out.member("program", event.by().name()).member("event", members.name());
            for (Map.Entry<String, Object> member : members.members().entrySet()) {
                Object value = member.getValue();
                if (value instanceof Long number) {
                    out.member(member.getKey(), number.longValue());
                } else if (value instanceof Double number) {
                    out.member(member.getKey(), number.doubleValue());
                } else if (value instanceof List<?> list) {
                    out.list(member.getKey(), list);
                } else {
                    out.object(member.getKey(), value);
                }
            }
            out.end();
        }

        @Override
        public void close() throws IOException {
            out.endLine();
            out.close();
        }
    }

    /** {@code 12  2026-11-21T09:15:23Z  postfix/smtpd  client  queueId=3064E52EAC1 client=203.0.113.1}. */
    final class AsText implements EventWriter {

        private final PrintStream out;
        private final EventMembers members = new EventMembers();

        AsText(PrintStream out) {
            this.out = out;
        }

        @Override
        public void write(@Nullable String file, long line, LogEvent event) {
            members.of(event);
            StringBuilder text = new StringBuilder();
            text.append(file == null ? "" : file + ":")
                    .append(line)
                    .append("  ")
                    .append(event.at());
            text.append("  ")
                    .append(event.by().name())
                    .append("  ")
                    .append(members.name())
                    .append(' ');
            members.members()
                    .forEach((name, value) ->
                            text.append(' ').append(name).append('=').append(value));
            out.println(Table.printable(text.toString()));
        }

        @Override
        public void close() {
            out.flush();
        }
    }
}
