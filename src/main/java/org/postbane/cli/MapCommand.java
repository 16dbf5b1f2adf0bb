package org.postbane.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.postbane.act.ActionException;
import org.postbane.act.MapType;
import org.postbane.act.PostfixMap;
import org.postbane.act.PostfixMapSettings;
import org.postbane.act.SubjectKind;
import org.postbane.daemon.AgentControl;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code postbane map}. */
@Command(name = "map", description = "Make a Postfix access map from the bans in force, by hand.")
final class MapCommand implements Callable<Integer> {

    private static final String DEFAULT = "default";

    private final Session session;

    @Mixin
    private CommonOptions common = new CommonOptions();

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "hash, btree, lmdb, cdb, texthash, cidr or pcre (default: Postfix's default_database_type).")
    private String type = DEFAULT;

    @Option(
            names = "--output",
            required = true,
            paramLabel = "FILE",
            description = "The text of the map, beside which postmap puts its index; - prints the text.")
    private String output = AgentAccess.STANDARD_OUTPUT;

    @Option(names = "--sender", description = "Of envelope senders, for check_sender_access.")
    private boolean sender;

    @Option(names = "--account", description = "Of logins, for check_sasl_access.")
    private boolean account;

    @Option(
            names = "--text",
            paramLabel = "TEXT",
            description = "What Postfix is to do (default: " + PostfixMapSettings.TEXT + ").")
    private String text = PostfixMapSettings.TEXT;

    MapCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        MapType chosen = type();
        if (sender && account || chosen == MapType.CIDR && lookup() != SubjectKind.CLIENT) {
            throw new Failure(
                    ExitStatus.USAGE, sender && account ? "--sender or --account" : "a cidr map holds clients only");
        }
        try {
            PostfixMapSettings.text(text);
        } catch (IllegalArgumentException e) {
            throw new Failure(ExitStatus.USAGE, "--text: " + e.getMessage());
        }
        return AgentAccess.output(
                session,
                common,
                output,
                words(chosen),
                agent -> made(agent, chosen),
                (file, made) -> write(file, chosen, made));
    }

    private List<String> words(MapType chosen) {
        List<String> words =
                new ArrayList<>(List.of("map", "--type", word(chosen), "--output", AgentAccess.STANDARD_OUTPUT));
        words.addAll(List.of("--text", text));
        if (sender) {
            words.add("--sender");
        }
        if (account) {
            words.add("--account");
        }
        return words;
    }

    private static String word(MapType type) {
        return type.name().toLowerCase(java.util.Locale.ROOT);
    }

    private SubjectKind lookup() {
        return sender ? SubjectKind.SENDER : account ? SubjectKind.ACCOUNT : SubjectKind.CLIENT;
    }

    private MapType type() throws Failure {
        try {
            return type.equals(DEFAULT) ? PostfixMap.standardType() : MapType.parse(type);
        } catch (ActionException e) {
            throw new Failure(ExitStatus.UNAVAILABLE, String.valueOf(e.getMessage()));
        } catch (IllegalArgumentException e) {
            throw new Failure(ExitStatus.USAGE, "--type: " + e.getMessage());
        }
    }

    private String made(AgentControl agent, MapType chosen) throws Exception {
        return PostfixMap.text(
                chosen, lookup(), text, agent.bans(), Clock.systemUTC().instant());
    }

    private void write(Path map, MapType chosen, String made) throws Failure {
        Path directory = map.getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new Failure(ExitStatus.NO, map + ": no such directory");
        }
        try {
            PostfixMap.make(map, chosen, made);
        } catch (ActionException e) {
            throw new Failure(ExitStatus.NO, String.valueOf(e.getMessage()));
        }
        long entries = made.lines().filter(line -> !line.startsWith("#")).count();
        session.out().println("%s:%s: %s entries".formatted(word(chosen), map, Texts.count(entries)));
    }
}
