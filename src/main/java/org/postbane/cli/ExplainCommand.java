package org.postbane.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.postbane.daemon.AgentControl.Explanation;
import org.postbane.daemon.AgentControl.InJail;
import org.postbane.decide.Ban;
import org.postbane.model.Subject;
import org.postbane.score.Offence;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code postbane explain}. */
@Command(name = "explain", description = "Show how a subject stands, and what it did.")
final class ExplainCommand implements Callable<Integer> {

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Option(names = "--json", description = "One JSON document instead of text.")
    private boolean json;

    @Parameters(paramLabel = "SUBJECT", description = "192.0.2.1, 2001:db8::/64, account:LOGIN or sender:ADDRESS.")
    private String subject = "";

    ExplainCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Subject parsed = Words.subjects(List.of(subject)).get(0);
        return AgentAccess.run(session, common, AgentAccess.Alone.LOOK, agent -> {
            Explanation explanation = agent.explain(parsed);
            if (json) {
                write(explanation);
            } else {
                print(explanation, session.out());
            }
            return ExitStatus.OK;
        });
    }

    private void print(Explanation explanation, PrintStream out) {
        String banned = explanation.bans().isEmpty() ? "is not banned" : "is banned";
        out.println(explanation.subject() + " " + banned
                + explanation
                        .refusal()
                        .map(why -> ", and never will be: " + why)
                        .orElse(""));
        for (Ban ban : explanation.bans()) {
            out.printf(
                    "  %s, since %s, until %s: %s%n",
                    ban.subject().equals(explanation.subject()) ? ban.jail() : ban.jail() + " (" + ban.subject() + ")",
                    Texts.time(ban.from()),
                    Texts.time(ban.until()),
                    Table.printable(ban.reason()));
        }
        if (!explanation.jails().isEmpty()) {
            out.println();
            Table table = new Table()
                    .text("JAIL")
                    .number("NOW")
                    .number("LIMIT")
                    .number("CERTAINTY")
                    .number("ASKED")
                    .number("VICTIMS")
                    .number("MESSAGES");
            for (InJail jail : explanation.jails()) {
                table.row(
                        jail.jail(),
                        number(jail.value()),
                        number(jail.limit()),
                        String.format(Locale.ROOT, "10^%.1f", jail.certainty()),
                        jail.asked() == null ? "-" : String.format(Locale.ROOT, "10^%.1f", jail.asked()),
                        jail.victims(),
                        jail.messages());
            }
            table.print(out, session.columns());
        }
        if (!explanation.offences().isEmpty()) {
            out.println();
            Table table = new Table()
                    .text("TIME")
                    .text("JAIL")
                    .text("OFFENCE")
                    .number("POINTS")
                    .text("EVIDENCE");
            for (Offence offence : explanation.offences()) {
                table.row(
                        Texts.time(offence.at()),
                        offence.jail(),
                        offence.kind().word(),
                        number(offence.weight()),
                        offence.evidence());
            }
            table.print(out, session.columns());
        }
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value == Math.rint(value) ? "%.0f" : "%.3f", value);
    }

    private void write(Explanation explanation) throws IOException {
        try (Json out = new Json(session.out())) {
            out.begin().object("subject", explanation.subject()).object("at", explanation.at());
            out.member("guard", explanation.refusal().orElse(null)).beginList("bans");
            for (Ban ban : explanation.bans()) {
                BanText.write(out, ban);
            }
            out.endList().beginList("jails");
            for (InJail jail : explanation.jails()) {
                out.begin().member("jail", jail.jail()).member(jail.counts() ? "points" : "severity", jail.value());
                out.member("limit", jail.limit()).member("certainty", jail.certainty());
                if (jail.asked() != null) {
                    out.member("asked", jail.asked().doubleValue());
                }
                out.member("victims", jail.victims())
                        .member("messages", jail.messages())
                        .end();
            }
            out.endList().beginList("offences");
            for (Offence offence : explanation.offences()) {
                out.begin()
                        .object("time", offence.at())
                        .member("jail", offence.jail())
                        .member("kind", offence.kind().word())
                        .member("weight", offence.weight())
                        .member("evidence", offence.evidence())
                        .end();
            }
            out.endList().end().endLine();
        }
    }
}
