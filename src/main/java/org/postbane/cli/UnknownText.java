package org.postbane.cli;

import java.io.IOException;
import java.io.PrintStream;
import org.postbane.daemon.Unknown;
import org.postbane.parse.UnknownLines;

/** Prints what was not understood. */
final class UnknownText {

    private UnknownText() {}

    /** {@code 12 lines not understood (postfix/smtpd 9, dovecot 3), 20 of programs that are not read, 1 without a syslog header}. */
    static String summary(Unknown unknown) {
        StringBuilder text = new StringBuilder();
        text.append(Texts.count(unknown.lines())).append(" lines not understood");
        String before = " (";
        for (var program : unknown.byProgram().entrySet()) {
            text.append(before)
                    .append(Table.printable(program.getKey()))
                    .append(' ')
                    .append(Texts.count(program.getValue()));
            before = ", ";
        }
        text.append(unknown.byProgram().isEmpty() ? "" : ")");
        if (unknown.unread() > 0) {
            text.append(", ").append(Texts.count(unknown.unread())).append(" of programs that are not read");
        }
        if (unknown.headless() > 0) {
            text.append(", ").append(Texts.count(unknown.headless())).append(" without a syslog header");
        }
        return text.toString();
    }

    /** The shapes, and {@link #summary} beneath. */
    static void print(Unknown unknown, PrintStream out, int columns) {
        if (!unknown.shapes().isEmpty()) {
            Table table = new Table().number("LINES").text("PROGRAM").text("SHAPE");
            for (UnknownLines.Shape shape : unknown.shapes()) {
                table.row(Texts.count(shape.count()), shape.program(), shape.shape());
            }
            table.print(out, columns);
            out.println();
        }
        out.println(summary(unknown));
    }

    /** A member {@code unknown} of the object that is open. */
    static void write(Unknown unknown, Json out) throws IOException {
        out.beginMember("unknown")
                .member("lines", unknown.lines())
                .member("unread", unknown.unread())
                .member("headless", unknown.headless())
                .member("forgotten", unknown.forgotten());
        out.beginMember("programs");
        for (var program : unknown.byProgram().entrySet()) {
            out.member(program.getKey(), program.getValue().longValue());
        }
        out.end().beginList("shapes");
        for (UnknownLines.Shape shape : unknown.shapes()) {
            out.begin()
                    .member("program", shape.program())
                    .member("shape", shape.shape())
                    .member("count", shape.count())
                    .member("sample", shape.sample())
                    .end();
        }
        out.endList().end();
    }
}
