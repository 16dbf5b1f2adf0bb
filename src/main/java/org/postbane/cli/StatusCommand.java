package org.postbane.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.postbane.act.ActionRunner;
import org.postbane.daemon.AgentControl.AgentStatus;
import org.postbane.daemon.AgentControl.SourceStatus;
import org.postbane.record.Recorder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code postbane status}. */
@Command(name = "status", description = "Show how the daemon is: its sources, bans and actions.")
final class StatusCommand implements Callable<Integer> {

    /** What stands on a line and when it is read differ by so much anyway: whole seconds, looks once a second. */
    private static final Duration RIGHT = Duration.ofSeconds(3);

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Option(names = "--json", description = "One JSON document instead of text.")
    private boolean json;

    StatusCommand(Session session) {
        this.session = session;
    }

    /** 1 if a source cannot be read, or an action or the database for records fails. */
    @Override
    public Integer call() throws Exception {
        return AgentAccess.run(session, common, AgentAccess.Alone.REFUSE, agent -> {
            AgentStatus status = agent.status();
            if (json) {
                write(status);
            } else {
                print(status, session.out());
            }
            boolean well = status.sources().stream().allMatch(source -> source.fault() == null)
                    && status.actions().stream()
                            .map(ActionRunner.Status::state)
                            .noneMatch(
                                    state -> state == ActionRunner.State.FAILING || state == ActionRunner.State.ENDED)
                    && (status.records() == null || status.records().lastError() == null);
            return well ? ExitStatus.OK : ExitStatus.NO;
        });
    }

    private void print(AgentStatus status, PrintStream out) {
        Table sources = new Table()
                .text("SOURCE")
                .text("FILE")
                .number("LINES")
                .number("BYTES")
                .number("BEHIND")
                .number("UNPARSED")
                .text("LAST LINE")
                .text("CLOCK")
                .text("");
        for (SourceStatus source : status.sources()) {
            sources.row(
                    source.name(),
                    source.path(),
                    Texts.count(source.lines()),
                    Texts.bytes(source.bytes()),
                    Texts.bytes(source.backlog()),
                    source.unparsed() == null ? "-" : String.format(Locale.ROOT, "%.1f %%", 100 * source.unparsed()),
                    source.lastRead() == null
                            ? "none yet"
                            : Texts.duration(Duration.between(source.lastRead(), status.now())) + " ago",
                    clock(source.skew()),
                    what(source));
        }
        sources.print(out, session.columns());
        out.println();
        Table actions = new Table()
                .text("ACTION")
                .text("STATE")
                .number("BANS")
                .number("WAITING")
                .number("APPLIED")
                .number("FAILED")
                .number("PACKETS")
                .text("");
        for (ActionRunner.Status action : status.actions()) {
            actions.row(
                    action.name(),
                    state(action),
                    Texts.count(action.bans()),
                    Texts.count(action.pending()),
                    Texts.count(action.applied()),
                    Texts.count(action.failures()),
                    action.counts().map(counts -> Texts.count(counts.packets())).orElse("-"),
                    action.lastError().orElse(""));
        }
        actions.print(out, session.columns());
        out.println();
        if (status.records() != null) {
            out.println(records(status.records()));
            out.println();
        }
        int bans = status.bansByJail().values().stream()
                .mapToInt(Integer::intValue)
                .sum();
        StringBuilder byJail = new StringBuilder();
        status.bansByJail()
                .forEach((jail, count) -> byJail.append(byJail.isEmpty() ? " (" : ", ")
                        .append(jail)
                        .append(' ')
                        .append(count));
        out.printf(
                "up %s; %s bans in force%s; %s open messages, %s ambiguous verdicts, %s guarded%n",
                Texts.duration(Duration.between(status.since(), status.now())),
                Texts.count(bans),
                byJail.isEmpty() ? "" : byJail.append(')'),
                Texts.count(status.open()),
                Texts.count(status.ambiguous()),
                Texts.count(status.guarded()));
        out.println(UnknownText.summary(status.unknown()));
    }

    private static String records(Recorder.DatabaseStatus records) {
        return "records: %s wait for %s%s%s"
                .formatted(
                        Texts.count(records.waiting()),
                        records.place(),
                        records.lost() == 0 ? "" : ", %s were given up".formatted(Texts.count(records.lost())),
                        records.lastError() == null ? "" : "; it fails: " + records.lastError());
    }

    private static String clock(@Nullable Duration skew) {
        if (skew == null) {
            return "-";
        }
        if (skew.abs().compareTo(RIGHT) <= 0) {
            return "right";
        }
        long seconds = Math.round(skew.abs().toMillis() / 1000.0);
        Duration off = Duration.ofSeconds(seconds < 60 ? seconds : (seconds + 30) / 60 * 60);
        return Texts.duration(off) + (skew.isNegative() ? " behind" : " ahead");
    }

    private static String what(SourceStatus source) {
        List<String> words = new ArrayList<>(source.troubles());
        if (source.fault() != null) {
            words.add(0, source.fault());
        }
        return String.join("; ", words);
    }

    private static String state(ActionRunner.Status action) {
        String state = action.state().name().toLowerCase(Locale.ROOT);
        return action.retryIn()
                .map(wait -> state + ", again in " + Texts.duration(wait))
                .orElse(state);
    }

    private void write(AgentStatus status) throws IOException {
        try (Json out = new Json(session.out())) {
            out.begin()
                    .object("since", status.since())
                    .object("now", status.now())
                    .beginList("sources");
            for (SourceStatus source : status.sources()) {
                out.begin()
                        .member("name", source.name())
                        .member("path", source.path())
                        .member("lines", source.lines())
                        .member("bytes", source.bytes())
                        .member("backlog", source.backlog())
                        .object("lastLine", source.lastLine())
                        .object("lastRead", source.lastRead())
                        .member("corrected", source.corrected())
                        .list("troubles", source.troubles())
                        .member("fault", source.fault());
                if (source.unparsed() != null) {
                    out.member("unparsed", source.unparsed().doubleValue());
                }
                if (source.skew() != null) {
                    out.member("skewSeconds", source.skew().toSeconds());
                }
                out.end();
            }
            out.endList();
            out.member("openMessages", status.open());
            out.member("ambiguous", status.ambiguous()).member("guarded", status.guarded());
            out.beginMember("bans");
            for (var jail : status.bansByJail().entrySet()) {
                out.member(jail.getKey(), jail.getValue().longValue());
            }
            out.end().beginList("actions");
            for (ActionRunner.Status action : status.actions()) {
                out.begin().member("name", action.name());
                if (action.counts().isPresent()) {
                    out.member("packets", action.counts().get().packets());
                    out.member("bytes", action.counts().get().bytes());
                }
                out.member("state", action.state().name().toLowerCase(Locale.ROOT))
                        .member(
                                "retryInSeconds",
                                action.retryIn().map(Duration::toSeconds).orElse(0L))
                        .member("drifts", action.drifts())
                        .member("bans", action.bans())
                        .member("pending", action.pending())
                        .member("applied", action.applied())
                        .member("reconciles", action.reconciles())
                        .member("failures", action.failures())
                        .member("lastError", action.lastError().orElse(null))
                        .end();
            }
            out.endList();
            Recorder.DatabaseStatus records = status.records();
            if (records != null) {
                out.beginMember("records")
                        .member("place", records.place())
                        .member("waiting", records.waiting())
                        .member("lost", records.lost())
                        .member("lastError", records.lastError())
                        .end();
            }
            UnknownText.write(status.unknown(), out);
            out.end().endLine();
        }
    }
}
