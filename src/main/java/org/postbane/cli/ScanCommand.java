package org.postbane.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postbane.config.Configuration;
import org.postbane.config.TrapFile;
import org.postbane.correlate.Traps;
import org.postbane.decide.Ban;
import org.postbane.score.AccountTally;
import org.postbane.score.ClientTally;
import org.postbane.source.LogFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code postbane scan}. */
@Command(name = "scan", description = "Replay logs; print who would be banned, and why. Changes nothing.")
final class ScanCommand implements Callable<Integer> {

    private static final int MOST_ROWS = 25;

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Mixin
    private LogOptions logs = new LogOptions();

    @Option(names = "--json", description = "One JSON document instead of text.")
    private boolean json;

    @Option(names = "--traps", paramLabel = "FILE", description = "Trap addresses, instead of the configuration's.")
    private @Nullable Path trapFile;

    @Option(names = "--all", description = "All clients, not only the worst " + MOST_ROWS + ".")
    private boolean all;

    @Option(names = "--unknown", description = "Also the lines that were not understood, by program and shape.")
    private boolean unknown;

    ScanCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Configuration configuration = common.configuration();
        Traps traps = trapFile == null ? configuration.traps() : TrapFile.read(trapFile);
        logs.requireReadable();
        Replay replay = new Replay(configuration, traps, logs);
        LogFiles files = new LogFiles(session.in());
        Progress progress = new Progress(session.err(), session.isTerminal() && !json, logs.logs());
        Instant begin = Instant.now();
        try {
            replay.read(logs, files, progress);
        } finally {
            progress.done();
        }
        replay.complaints().forEach(complaint -> session.err().println("postbane: warning: " + complaint));
        if (json) {
            printJson(replay, files);
        } else {
            print(
                    replay,
                    files,
                    java.time.Duration.between(begin, Instant.now()).toMillis());
        }
        return ExitStatus.OK;
    }

    /** The worst first: by score, then by what else they did. */
    private static List<ClientTally> worstFirst(Replay replay, Instant end) {
        record Scored(ClientTally client, double score) {}
        return replay.tally().clients().stream()
                .map(client -> new Scored(client, client.score(end)))
                .sorted(Comparator.comparingDouble((Scored scored) -> -scored.score())
                        .thenComparing(scored -> -offences(scored.client()))
                        .thenComparing(scored -> scored.client().client()))
                .map(Scored::client)
                .toList();
    }

    private static int offences(ClientTally client) {
        return client.traps() + client.authFailures() + client.virus() + client.rejects();
    }

    private void printJson(Replay replay, LogFiles files) throws IOException {
        Instant end = replay.end();
        try (Json out = new Json(session.out())) {
            out.begin();
            out.member("lines", files.lines()).member("bytes", files.bytes());
            out.member("messages", replay.tally().messages());
            out.beginList("clients");
            for (ClientTally client : worstFirst(replay, end)) {
                out.begin()
                        .object("client", client.client())
                        .member("spam", client.spam())
                        .member("victims", client.victims())
                        .member("ham", client.ham())
                        .member("traps", client.traps())
                        .member("virus", client.virus())
                        .member("rejects", client.rejects())
                        .member("unjudged", client.unjudged())
                        .member("authFailures", client.authFailures())
                        .member("score", client.score(end))
                        .member("evidence", client.evidence(end))
                        .object("firstSeen", client.firstSeen())
                        .object("lastSeen", client.lastSeen())
                        .end();
            }
            out.endList().beginList("accounts");
            for (AccountTally account : replay.tally().accounts()) {
                out.begin()
                        .member("account", account.account())
                        .member("spam", account.spam())
                        .member("victims", account.victims())
                        .member("ham", account.ham())
                        .list("clients", account.clients())
                        .end();
            }
            out.endList().beginList("bans");
            for (Ban ban : replay.bans()) {
                BanText.write(out, ban);
            }
            out.endList();
            if (unknown) {
                UnknownText.write(replay.unknown(), out);
            }
            out.end().endLine();
        }
    }

    private void print(Replay replay, LogFiles files, long millis) {
        Instant end = replay.end();
        Map<String, Ban> bans = new LinkedHashMap<>();
        replay.bans().forEach(ban -> bans.merge(ban.subject().toString(), ban, ScanCommand::longer));
        List<ClientTally> clients = worstFirst(replay, end);
        Table table = new Table()
                .text("CLIENT")
                .number("SPAM")
                .number("VICTIMS")
                .number("HAM")
                .number("TRAPS")
                .number("VIRUS")
                .number("REJECTS")
                .number("AUTH")
                .number("SCORE")
                .number("CERTAINTY")
                .text("SENTENCE");
        int shown = 0;
        int guilty = 0;
        for (ClientTally client : clients) {
            Ban ban = bans.get(client.client().toString());
            boolean noticed = ban != null || client.spam() + offences(client) > 0;
            guilty += noticed ? 1 : 0;
            if (!all && (!noticed || shown == MOST_ROWS && ban == null || shown >= 4 * MOST_ROWS)) {
                continue;
            }
            shown++;
            table.row(
                    client.client(),
                    client.spam(),
                    client.victims(),
                    client.ham(),
                    client.traps(),
                    client.virus(),
                    client.rejects(),
                    client.authFailures(),
                    String.format(Locale.ROOT, "%.3f", client.score(end)),
                    String.format(Locale.ROOT, "10^%.1f", client.evidence(end)),
                    ban == null ? "-" : ban.jail() + ", until " + Texts.time(ban.until()));
        }
        if (shown > 0) {
            table.print(session.out(), session.columns());
            session.out().println();
        }
        if (shown < guilty) {
            session.out().printf("%d more with lesser offences (--all shows them)%n%n", guilty - shown);
        }
        accounts(replay);
        if (unknown) {
            UnknownText.print(replay.unknown(), session.out(), session.columns());
            session.out().println();
        }
        session.out()
                .printf(
                        "%s lines, %s, %s messages from %s clients in %s s; would ban %s%n",
                        Texts.count(files.lines()),
                        Texts.bytes(files.bytes()),
                        Texts.count(replay.tally().messages()),
                        Texts.count(clients.size()),
                        String.format(Locale.ROOT, "%.1f", millis / 1000.0),
                        sentences(replay));
    }

    private static Ban longer(Ban a, Ban b) {
        return b.until().isAfter(a.until()) ? b : a;
    }

    private void accounts(Replay replay) {
        Table table = new Table()
                .text("ACCOUNT")
                .number("SPAM")
                .number("VICTIMS")
                .number("HAM")
                .number("CLIENTS");
        boolean any = false;
        for (AccountTally account : replay.tally().accounts()) {
            if (all || account.spam() > 0) {
                any = true;
                table.row(
                        account.account(),
                        account.spam(),
                        account.victims(),
                        account.ham(),
                        account.clients().size());
            }
        }
        if (any) {
            table.print(session.out(), session.columns());
            session.out().println();
        }
    }

    /** {@code 12 (spam 9, trap 3)}. */
    private static String sentences(Replay replay) {
        if (replay.bans().isEmpty()) {
            return "nobody";
        }
        Map<String, Long> byJail = replay.bans().stream()
                .collect(Collectors.groupingBy(Ban::jail, LinkedHashMap::new, Collectors.counting()));
        long subjects = replay.bans().stream().map(Ban::subject).distinct().count();
        return Texts.count(subjects)
                + byJail.entrySet().stream()
                        .map(jail -> jail.getKey() + " " + Texts.count(jail.getValue()))
                        .collect(Collectors.joining(", ", " (", ")"));
    }
}
