package org.postbane.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import org.postbane.decide.Ban;

/** Bans as they are shown. */
final class BanText {

    private BanText() {}

    static void write(Json out, Ban ban) throws IOException {
        out.begin()
                .object("subject", ban.subject())
                .member("jail", ban.jail())
                .object("from", ban.from())
                .until("until", ban.until())
                .member("reason", ban.reason())
                .end();
    }

    static void print(Collection<Ban> bans, Instant now, PrintStream out, int columns) {
        Table table = new Table()
                .text("SUBJECT")
                .text("JAIL")
                .text("SINCE")
                .text("UNTIL")
                .text("LEFT")
                .text("REASON");
        for (Ban ban : bans) {
            table.row(
                    ban.subject(),
                    ban.jail(),
                    Texts.time(ban.from()),
                    Texts.time(ban.until()),
                    ban.isPermanent() ? "-" : Texts.duration(Duration.between(now, ban.until())),
                    ban.reason());
        }
        table.print(out, columns);
    }
}
