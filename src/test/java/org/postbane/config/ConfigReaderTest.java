package org.postbane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.act.NftSettings;
import org.postbane.act.NftVerdict;
import org.postbane.decide.Sentencing;
import org.postbane.decide.Sentencing.Limit;
import org.postbane.decide.Sentencing.Term;
import org.postbane.host.DatabaseSettings;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.Subject;
import org.postbane.parse.MailFilter;
import org.postbane.parse.Software;
import org.postbane.record.RecordSettings;
import org.postbane.record.RecordStatement;
import org.postbane.record.SqlSettings;
import org.postbane.score.OffenceKind;
import org.postbane.score.Weighing;
import org.postbane.score.Weighing.Direction;
import org.postbane.score.Weighing.Memory;
import org.postbane.score.Weighing.Who;
import org.postbane.source.Input;
import org.postbane.source.SourceSettings;

final class ConfigReaderTest {

    private static final String PLAIN = "[source mail]\npath = /var/log/mail.log\n";

    @TempDir
    Path dir;

    @Test
    void builtIn_isAsDesigned() throws ConfigException {
        Configuration c = ConfigReader.builtIn();

        assertEquals(Path.of("/run/postbane/postbane.sock"), c.socket());
        assertEquals("jdbc:h2:file:/var/lib/postbane/state", c.storeUrl());
        assertEquals(Duration.ofDays(90), c.retention());
        assertEquals(RecordSettings.NONE, c.record());
        assertEquals(
                List.of(new SourceSettings(
                        "mail",
                        new Input.File(Path.of("/var/log/mail.log")),
                        ZoneId.systemDefault(),
                        Optional.of(Duration.ofHours(6)))),
                c.sources());
        assertEquals(
                List.of("127.0.0.0/8", "::1"),
                c.allow().stream().map(Subject::toString).toList());
        assertEquals(Set.of("nftables", "postfix-sasl-map"), c.actions().keySet());
        assertTrue(c.files().contains("built-in:jails.conf"), c.files().toString());
    }

    @Test
    void builtIn_jails_areAsDesigned() throws ConfigException {
        Configuration c = ConfigReader.builtIn();

        Memory fortnight = new Memory.HalfLife(Duration.ofDays(14));
        assertEquals(
                List.of(
                        new Weighing(
                                "spam",
                                Who.CLIENT,
                                Direction.ANY,
                                Map.of(OffenceKind.SPAM, 1.0, OffenceKind.VIRUS, 5.0),
                                fortnight,
                                20),
                        new Weighing(
                                "trap", Who.CLIENT, Direction.ANY, Map.of(OffenceKind.TRAP, 1.0), fortnight, 20, false),
                        new Weighing(
                                "outgoing", Who.ACCOUNT, Direction.OUT, Map.of(OffenceKind.SPAM, 1.0), fortnight, 20),
                        new Weighing(
                                "auth",
                                Who.CLIENT,
                                Direction.ANY,
                                Map.of(OffenceKind.AUTH_FAILURE, 1.0),
                                new Memory.Window(Duration.ofMinutes(10)),
                                20,
                                false)),
                c.weighings());
        Term decay = new Term.Decay(Duration.ofMinutes(10), Duration.ofDays(365));
        assertEquals(
                List.of(
                        new Sentencing(
                                "spam", new Limit.Severity(0.1), OptionalDouble.of(0.001), decay, List.of("nftables")),
                        new Sentencing(
                                "trap",
                                new Limit.Count(1),
                                OptionalDouble.empty(),
                                new Term.Fixed(Duration.ofDays(1), false, 1, Sentencing.FOREVER),
                                List.of("nftables")),
                        new Sentencing(
                                "outgoing",
                                new Limit.Severity(0.05),
                                OptionalDouble.of(0.001),
                                decay,
                                List.of("postfix-sasl-map")),
                        new Sentencing(
                                "auth",
                                new Limit.Count(5),
                                OptionalDouble.empty(),
                                new Term.Fixed(Duration.ofHours(1), true, 1, Sentencing.FOREVER),
                                List.of("nftables"))),
                c.sentencings());
    }

    @Test
    void builtIn_filter_readsWhatTheProgramsPrint() throws ConfigException {
        MailFilter filter = ConfigReader.builtIn().filter();

        assertEquals("smtpd", filter.postfixService("postfix/submission/smtpd"));
        assertEquals(Software.AMAVIS, filter.software("amavis"));
        assertEquals(Software.SPAMD, filter.software("spamd"));
        assertEquals(Judgement.SPAM, filter.judgement("SPAMMY"));
        assertEquals(Judgement.VIRUS, filter.judgement("INFECTED"));
        assertEquals(Judgement.BANNED, filter.judgement("BANNED"));
        assertEquals(Judgement.CLEAN, filter.judgement("BAD-HEADER-7"));
        assertEquals(Judgement.UNCHECKED, filter.judgement("UNCHECKED-ENCRYPTED"));
        assertEquals(Judgement.TEMPORARY, filter.judgement("MTA-BLOCKED"));
    }

    @Test
    void read_shippedFilesOnDisk_areTheBuiltInDefaults() throws Exception {
        Files.copy(Path.of("packaging/jails.conf"), dir.resolve("jails.conf"));
        Files.writeString(
                dir.resolve("postbane.conf"),
                Files.readString(Path.of("packaging/postbane.conf")).replace("/etc/postbane/", dir + "/"));
        Files.copy(Path.of("packaging/traps"), dir.resolve("traps"));
        Files.copy(Path.of("packaging/allow"), dir.resolve("allow"));

        Configuration c = ConfigReader.read(Optional.of(dir));

        Configuration builtIn = ConfigReader.builtIn();
        assertEquals(builtIn.weighings(), c.weighings());
        assertEquals(builtIn.sentencings(), c.sentencings());
        assertEquals(builtIn.actions(), c.actions());
        assertEquals(builtIn.filter(), c.filter());
        assertEquals(builtIn.allow(), c.allow());
        assertTrue(c.traps().isEmpty());
    }

    @Test
    void read_emptyDirectory_isTheBuiltInDefaults() throws ConfigException {
        Configuration c = ConfigReader.read(Optional.of(dir));

        assertEquals(ConfigReader.builtIn().sentencings(), c.sentencings());
    }

    @Test
    void read_emptyFiles_haveTheDocumentedDefaults() throws Exception {
        write("postbane.conf", "");
        write("jails.conf", "[a]\nweigh = spam\naction = log\n[b]\nweigh = spam\nmaxretry = 2\naction = log\n");

        Configuration c = ConfigReader.read(Optional.of(dir));

        assertEquals(Path.of("/run/postbane/postbane.sock"), c.socket());
        assertEquals("jdbc:h2:file:/var/lib/postbane/state", c.storeUrl());
        assertEquals(Duration.ofDays(90), c.retention());
        assertTrue(c.sources().isEmpty() && c.traps().isEmpty() && c.allow().isEmpty());
        assertEquals(new Limit.Severity(0.1), c.sentencings().get(0).limit());
        assertEquals(OptionalDouble.of(0.001), c.sentencings().get(0).alpha());
        assertEquals(
                new Term.Decay(Duration.ofMinutes(10), Duration.ofDays(365)),
                c.sentencings().get(0).term());
        assertEquals(
                new Memory.HalfLife(Duration.ofDays(14)), c.weighings().get(0).memory());
        assertEquals(20, c.weighings().get(0).scale());
        assertEquals(OptionalDouble.empty(), c.sentencings().get(1).alpha());
    }

    /** What is set here is not the default; a key that is missing here fails the test. */
    @Test
    void read_everyKeyOfTheAgent_isUsed() throws Exception {
        write("traps-here", "a@example.org\n");
        write("allow-here", "sender:x@example.net\naccount:bob\n2001:db8::/32\n");
        write(
                "filters/other.conf",
                Files.readString(Path.of("filters/mail.conf")).replace("spamd = spamd", "spamd = sa"));
        String text = """
                [agent]
                socket = /tmp/p.sock
                relays = 192.0.2.25, 2001:db8:25::/64
                [store]
                url = jdbc:h2:file:/x/y
                retention = 1w
                [source one]
                path = /one.log
                filter = other
                zone = Asia/Tokyo
                silent = 90m
                [source two]
                filter = other
                journal = /var/log/journal
                trust = postfix/*: user=4711 unit=postfix*.service
                    amavis: user=4712
                [source three]
                filter = other
                listen = udp://192.0.2.1:5514
                silent = off
                senders = 192.0.2.0/28, 2001:db8::1
                [traps]
                file = %1$s/traps-here
                addresses = b@example.org, @trap.example.org
                   /^x{1,2}@/
                [allow]
                networks = 192.0.2.1,
                    198.51.100.0/24
                file = %1$s/allow-here
                [record]
                log = true
                file = /record.log
                url = jdbc:h2:mem:r
                user = u
                password = p
                password.file = /secret
                drivers = /d1 /d2.jar
                query = INSERT INTO a VALUES (?c) \\
                    ON DUPLICATE KEY UPDATE a = a
                statistics = INSERT INTO b VALUES (?r)
                outbox = 7
                """.formatted(dir);
        write("postbane.conf", text);

        Configuration c = ConfigReader.read(Optional.of(dir));

        assertEquals(Path.of("/tmp/p.sock"), c.socket());
        assertTrue(c.relays().contains(Objects.requireNonNull(IpPrefix.parse("2001:db8:25::7"))));
        assertTrue(c.relays().contains(Objects.requireNonNull(IpPrefix.parse("192.0.2.25"))));
        assertEquals("jdbc:h2:file:/x/y", c.storeUrl());
        assertEquals(Duration.ofDays(7), c.retention());
        assertEquals(
                new SourceSettings(
                        "one",
                        new Input.File(Path.of("/one.log")),
                        ZoneId.of("Asia/Tokyo"),
                        Optional.of(Duration.ofMinutes(90))),
                c.sources().get(0));
        Input.Journal journal = (Input.Journal) c.sources().get(1).input();
        assertEquals(Optional.of(Path.of("/var/log/journal")), journal.path());
        assertTrue(journal.trust().trusts("postfix/smtpd", 4711, null, "postfix@-.service"));
        assertFalse(journal.trust().trusts("postfix/smtpd", 0, "smtpd", "postfix@-.service"));
        assertTrue(journal.trust().trusts("amavis", 4712, null, null));
        assertEquals(Optional.of(Duration.ofHours(6)), c.sources().get(1).silent());
        assertEquals(Optional.empty(), c.sources().get(2).silent());
        Input.Receiver receiver = (Input.Receiver) c.sources().get(2).input();
        assertEquals("udp://192.0.2.1:5514", receiver.address().toString());
        assertEquals("[192.0.2.0/28, 2001:db8::1]", receiver.senders().toString());
        assertEquals(Software.SPAMD, c.filter().software("sa"));
        DatabaseSettings database = new DatabaseSettings(
                "jdbc:h2:mem:r",
                "u",
                "p",
                Optional.of(Path.of("/secret")),
                List.of(Path.of("/d1"), Path.of("/d2.jar")));
        SqlSettings sql = new SqlSettings(
                database,
                Optional.of(
                        new RecordStatement("INSERT INTO a VALUES (?) ON DUPLICATE KEY UPDATE a = a", List.of('c'))),
                Optional.of(new RecordStatement("INSERT INTO b VALUES (?)", List.of('r'))),
                7);
        assertEquals(new RecordSettings(true, Optional.of(Path.of("/record.log")), Optional.of(sql)), c.record());
        assertTrue(List.of("a@example.org", "b@example.org", "any@trap.example.org", "xx@example.com").stream()
                .allMatch(c.traps()::matches));
        assertFalse(c.traps().matches("c@example.org"));
        assertEquals(
                List.of("192.0.2.1", "198.51.100.0/24", "sender:x@example.net", "account:bob", "2001:db8::/32"),
                c.allow().stream().map(Subject::toString).toList());
        ConfigReader.KEYS
                .values()
                .forEach(keys -> assertTrue(keysOf(text).containsAll(keys), keys + " are not all here"));
    }

    @Test
    void read_everyKeyOfAJail_isUsed() throws Exception {
        String text = """
                [window]
                subject = network
                direction = in
                weigh = spam*2, virus * 0.5
                    banned
                scale = 7.5
                window = 20d
                threshold = 0.25
                certainty = off
                bantime = decay
                bantime.min = 1h
                bantime.max = 30d
                action = nftables[ports="25,587"], log
                [count]
                subject = sender
                direction = out
                weigh = reject, trap
                findtime = 5m
                maxretry = 2.5
                certainty = 0.01
                bantime = 90
                bantime.increment = true
                bantime.factor = 3
                bantime.maxtime = 1d 12h
                action = log
                [life]
                subject = account
                weigh = auth-failure
                halflife = 3h
                bantime = -1
                action = log
                [off]
                enabled = no
                weigh = spam
                action = nftables[ports=1]
                """;
        write("postbane.conf", PLAIN);
        write("jails.conf", text);
        write("actions/nftables.conf", "[Definition]\nbuiltin = nftables\n[Init]\nports = 25\ntable = t\n");

        Configuration c = ConfigReader.read(Optional.of(dir));

        assertEquals(
                List.of(
                        new Weighing(
                                "window",
                                Who.NETWORK,
                                Direction.IN,
                                Map.of(OffenceKind.SPAM, 2.0, OffenceKind.VIRUS, 0.5, OffenceKind.BANNED, 1.0),
                                new Memory.Window(Duration.ofDays(20)),
                                7.5,
                                false),
                        new Weighing(
                                "count",
                                Who.SENDER,
                                Direction.OUT,
                                Map.of(OffenceKind.REJECT, 1.0, OffenceKind.TRAP, 1.0),
                                new Memory.Window(Duration.ofMinutes(5)),
                                20),
                        new Weighing(
                                "life",
                                Who.ACCOUNT,
                                Direction.ANY,
                                Map.of(OffenceKind.AUTH_FAILURE, 1.0),
                                new Memory.HalfLife(Duration.ofHours(3)),
                                20,
                                false)),
                c.weighings());
        String nftables = "nftables[ports=\"25,587\"]";
        assertEquals(
                List.of(
                        new Sentencing(
                                "window",
                                new Limit.Severity(0.25),
                                OptionalDouble.empty(),
                                new Term.Decay(Duration.ofHours(1), Duration.ofDays(30)),
                                List.of(nftables, "log")),
                        new Sentencing(
                                "count",
                                new Limit.Count(2.5),
                                OptionalDouble.of(0.01),
                                new Term.Fixed(Duration.ofSeconds(90), true, 3, Duration.ofHours(36)),
                                List.of("log")),
                        new Sentencing(
                                "life",
                                new Limit.Severity(0.1),
                                OptionalDouble.empty(),
                                new Term.Fixed(Sentencing.FOREVER, false, 1, Sentencing.FOREVER),
                                List.of("log"))),
                c.sentencings());
        assertEquals(Set.of(nftables, "log"), c.actions().keySet());
        ActionDefinition action = Objects.requireNonNull(c.actions().get(nftables));
        assertEquals(
                new NftSettings(
                        nftables,
                        "t",
                        NftSettings.Hook.PREROUTING,
                        "raw",
                        List.of(25, 587),
                        List.of(),
                        NftVerdict.DROP),
                action.settings());
        assertFalse(action.dryRun());
        assertTrue(keysOf(text).containsAll(JailReader.KEYS), "a key of a jail is not here");
    }

    @Test
    void read_overrides_laterFileWinsKeyByKey() throws Exception {
        write("postbane.conf", PLAIN + "[store]\nretention = 1d\nurl = jdbc:h2:file:/conf\n[agent]\nsocket = /conf\n");
        write("postbane.local", "[store]\nretention = 2d\nurl = jdbc:h2:file:/local\n");
        write("jails.conf", """
                [DEFAULT]
                action = log
                scale = 1
                [a]
                weigh = spam
                threshold = 0.1
                bantime = 1h
                """);
        write("jails.local", "[DEFAULT]\nscale = 2\n[a]\nthreshold = 0.2\nbantime = 2h\n");
        write("conf.d/20.conf", "[a]\nbantime = 4h\n[agent]\nsocket = /20\n[b]\nweigh = trap\n");
        write("conf.d/10.conf", "[a]\nbantime = 3h\n[store]\nretention = 3d\n[agent]\nsocket = /10\n");
        write("conf.d/README", "not read");

        Configuration c = ConfigReader.read(Optional.of(dir));

        assertEquals(Path.of("/20"), c.socket());
        assertEquals("jdbc:h2:file:/local", c.storeUrl());
        assertEquals(Duration.ofDays(3), c.retention());
        assertEquals(
                List.of("a", "b"), c.weighings().stream().map(Weighing::jail).toList());
        assertEquals(2, c.weighings().get(0).scale());
        assertEquals(new Limit.Severity(0.2), c.sentencings().get(0).limit());
        assertEquals(
                new Term.Fixed(Duration.ofHours(4), false, 1, Sentencing.FOREVER),
                c.sentencings().get(0).term());
        assertEquals(
                List.of(
                        "postbane.conf",
                        "postbane.local",
                        "jails.conf",
                        "jails.local",
                        "conf.d/10.conf",
                        "conf.d/20.conf"),
                c.files().stream()
                        .filter(file -> file.startsWith(dir.toString()))
                        .map(file -> file.substring(dir.toString().length() + 1))
                        .toList());
    }

    @Test
    void read_localOverBuiltIn_changesOneKey() throws Exception {
        write("postbane.conf", PLAIN);
        write("jails.local", "[spam]\nthreshold = 0.5\n[auth]\nenabled = false\n");
        write("filters/mail.local", "[Definition]\nspamd = spamd spamassassin\n");
        write("actions/nftables.local", "[Init]\ntable = other\ndryrun = yes\n");

        Configuration c = ConfigReader.read(Optional.of(dir));

        assertEquals(
                List.of("spam", "trap", "outgoing"),
                c.sentencings().stream().map(Sentencing::jail).toList());
        assertEquals(new Limit.Severity(0.5), c.sentencings().get(0).limit());
        assertEquals(Software.SPAMD, c.filter().software("spamassassin"));
        assertEquals("smtpd", c.filter().postfixService("postfix/smtpd"));
        ActionDefinition nftables = Objects.requireNonNull(c.actions().get("nftables"));
        assertEquals("other", ((NftSettings) nftables.settings()).table());
        assertTrue(nftables.dryRun());
    }

    @Test
    void read_jailsOwnKey_winsOverInheritedRival() throws Exception {
        write("postbane.conf", PLAIN);
        write("jails.conf", """
                [DEFAULT]
                maxretry = 5
                findtime = 10m
                bantime.increment = true
                bantime.maxtime = 1h
                bantime.min = 5m
                action = log
                [own]
                weigh = spam
                threshold = 0.3
                halflife = 2d
                [inherited]
                weigh = auth-failure
                bantime = 10m
                """);

        Configuration c = ConfigReader.read(Optional.of(dir));

        assertEquals(new Limit.Severity(0.3), c.sentencings().get(0).limit());
        assertEquals(OptionalDouble.of(0.001), c.sentencings().get(0).alpha());
        assertEquals(
                new Memory.HalfLife(Duration.ofDays(2)), c.weighings().get(0).memory());
        assertEquals(
                new Term.Decay(Duration.ofMinutes(5), Duration.ofDays(365)),
                c.sentencings().get(0).term());
        assertEquals(new Limit.Count(5), c.sentencings().get(1).limit());
        assertEquals(
                new Memory.Window(Duration.ofMinutes(10)), c.weighings().get(1).memory());
        assertEquals(
                new Term.Fixed(Duration.ofMinutes(10), true, 1, Duration.ofHours(1)),
                c.sentencings().get(1).term());
    }

    @Test
    void read_ownFindtimeOverInheritedWindow_isFindtime() throws Exception {
        write("postbane.conf", PLAIN);
        write("jails.conf", "[DEFAULT]\nwindow = 1d\naction = log\n[a]\nweigh = spam\nfindtime = 2d\n");

        Configuration c = ConfigReader.read(Optional.of(dir));

        assertEquals(new Memory.Window(Duration.ofDays(2)), c.weighings().get(0).memory());
    }

    @Test
    void read_sameSettingsWrittenDifferently_isOneAction() throws Exception {
        write("postbane.conf", PLAIN);
        write("jails.conf", """
                [a]
                weigh = spam
                action = test[ports="25,587", table=x]
                [b]
                weigh = spam
                action = test[table='x',ports = '25,587']
                [c]
                weigh = spam
                action = test[table=t]
                [d]
                weigh = spam
                action = test
                """);
        write("actions/test.conf", "[Definition]\nbuiltin = nftables\n[Init]\nports = 25\ntable = t\n");

        Configuration c = ConfigReader.read(Optional.of(dir));

        assertEquals(
                Set.of("test", "test[ports=\"25,587\",table=\"x\"]"),
                c.actions().keySet());
        assertEquals(List.of("test"), c.sentencings().get(2).actions(), "a setting equal to the file's own is none");
    }

    @Test
    void read_references_areLookedUpInTheJailThenInDefault() throws Exception {
        write("postbane.conf", PLAIN);
        write("jails.conf", """
                [DEFAULT]
                _unit = d
                findtime = %(_n)s%(_unit)s
                action = log
                [a]
                _n = 3
                weigh = spam
                [b]
                _n = 4
                _unit = h
                weigh = spam
                """);

        Configuration c = ConfigReader.read(Optional.of(dir));

        assertEquals(new Memory.Window(Duration.ofDays(3)), c.weighings().get(0).memory());
        assertEquals(
                new Memory.Window(Duration.ofHours(4)), c.weighings().get(1).memory());
    }

    private static Set<String> keysOf(String text) {
        return text.lines()
                .filter(line -> line.contains(" = "))
                .map(line -> line.substring(0, line.indexOf(" = ")))
                .collect(Collectors.toCollection(HashSet::new));
    }

    private void write(String name, String text) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
