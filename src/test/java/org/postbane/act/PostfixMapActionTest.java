package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.ban;
import static org.postbane.act.Bans.impose;
import static org.postbane.act.Bans.lift;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postbane.host.Command;
import org.postbane.testing.Needs;
import org.postbane.testing.NetNamespace;
import org.postbane.testing.RealPostfix;
import org.postbane.testing.SmallDisk;

/** {@link PostfixMapAction} with Postfix's own programs, and with a Postfix that real clients talk to. */
@Timeout(120)
class PostfixMapActionTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path dir;

    private Path instance;

    @BeforeEach
    void start() throws IOException {
        RealPostfix.needed();
        instance = RealPostfix.instance(dir);
    }

    private PostfixMapSettings settings(String map, SubjectKind lookup, Optional<MapType> type, boolean reload) {
        return new PostfixMapSettings(
                "map",
                dir.resolve("maps").resolve(map),
                lookup,
                type,
                PostfixMapSettings.TEXT,
                reload,
                Duration.ofMillis(100),
                Optional.of(instance));
    }

    private Action open(String map, SubjectKind lookup, MapType type) {
        return new PostfixMapAction(settings(map, lookup, Optional.of(type), true), InstantSource.system());
    }

    /** The contract, for each type of map. */
    abstract class OfType extends ActionContract {

        private static final Pattern VALUE = Pattern.compile("\\s554 5\\.7\\.1 (\\S+) is banned until ");

        abstract MapType type();

        @Override
        Action open() {
            // no Postfix runs here, and to ask it for its status each time takes a second
            return new PostfixMapAction(
                    settings("client", SubjectKind.CLIENT, Optional.of(type()), false), InstantSource.system());
        }

        @Override
        boolean knowsEnds() {
            return false;
        }

        /** What the index holds, or, where there is none, the text. */
        @Override
        Map<String, Duration> held() throws Exception {
            String map = dir.resolve("maps/client").toString();
            String all = type() == MapType.CDB // which postmap does not list; values stand in it as they are
                    ? Files.readString(Path.of(map + ".cdb"), StandardCharsets.ISO_8859_1)
                            .replace("554 5", " 554 5")
                    : type().isIndexed()
                            ? run(Command.find("postmap"), "-c", instance.toString(), "-s", type().word() + ":" + map)
                            : Files.readString(Path.of(map));
            Map<String, Duration> held = new HashMap<>();
            Matcher value = VALUE.matcher(all);
            while (value.find()) {
                held.put(value.group(1), FOR_EVER);
            }
            return held;
        }

        @Override
        void destroy() throws Exception {
            Files.delete(dir.resolve("maps/client" + type().suffix()));
        }
    }

    @Nested
    class Hash extends OfType {
        @Override
        MapType type() {
            return MapType.HASH;
        }
    }

    @Nested
    class Btree extends OfType {
        @Override
        MapType type() {
            return MapType.BTREE;
        }
    }

    @Nested
    class Lmdb extends OfType {
        @Override
        MapType type() {
            needs(MapType.LMDB);
            return MapType.LMDB;
        }
    }

    @Nested
    class Cdb extends OfType {
        @Override
        MapType type() {
            needs(MapType.CDB);
            return MapType.CDB;
        }
    }

    @Nested
    class Texthash extends OfType {
        @Override
        MapType type() {
            return MapType.TEXTHASH;
        }
    }

    @Nested
    class Cidr extends OfType {
        @Override
        MapType type() {
            return MapType.CIDR;
        }
    }

    @Nested
    class Pcre extends OfType {
        @Override
        MapType type() {
            needs(MapType.PCRE);
            return MapType.PCRE;
        }
    }

    private static String run(String... command) throws IOException {
        Command.Result result = Command.run(List.of(command), new byte[0], PATIENCE);
        assertEquals(0, result.status(), result.err());
        return result.out();
    }

    @Test
    void type_notSet_isPostfixsOwn() throws Exception {
        try (Action action = new PostfixMapAction(
                settings("client", SubjectKind.CLIENT, Optional.empty(), true), InstantSource.system())) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));
        }

        String type = run(Command.find("postconf"), "-c", instance.toString(), "-h", "default_database_type")
                .strip();
        assertTrue(Files.exists(dir.resolve("maps/client" + MapType.parse(type).suffix())));
    }

    @Test
    void reconcile_withTheSame_touchesNothing() throws Exception {
        try (Action action = open("client", SubjectKind.CLIENT, MapType.HASH)) {
            var bans = List.of(ban("192.0.2.1", HOUR));
            action.reconcile(bans);
            Object before = Files.readAttributes(
                            dir.resolve("maps/client.db"), java.nio.file.attribute.BasicFileAttributes.class)
                    .fileKey();

            action.reconcile(bans);

            assertEquals(
                    before,
                    Files.readAttributes(
                                    dir.resolve("maps/client.db"), java.nio.file.attribute.BasicFileAttributes.class)
                            .fileKey());
        }
    }

    @Test
    void reconcile_overWhatAKilledOneLeft_works() throws Exception {
        Files.createDirectory(dir.resolve("maps"));
        Files.writeString(dir.resolve("maps/.client.new"), "half a l");
        Files.writeString(dir.resolve("maps/.client.new.db"), "no database");

        try (Action action = open("client", SubjectKind.CLIENT, MapType.HASH)) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));

            assertEquals(Optional.of(true), action.holds(Bans.subject("192.0.2.1")));
        }
        try (Stream<Path> files = Files.list(dir.resolve("maps"))) {
            assertEquals(2, files.count());
        }
    }

    @Test
    void apply_postmapFails_leavesTheOldMapInForce() throws Exception {
        try (Action action = open("client", SubjectKind.CLIENT, MapType.HASH)) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));
            Files.move(instance.resolve("main.cf"), instance.resolve("gone"));

            ActionException failure =
                    assertThrows(ActionException.class, () -> action.apply(List.of(impose("192.0.2.2", HOUR))));

            assertTrue(String.valueOf(failure.getMessage()).contains("postmap"), failure.getMessage());
            Files.move(instance.resolve("gone"), instance.resolve("main.cf"));
            assertEquals(Optional.of(true), action.holds(Bans.subject("192.0.2.1")));
            assertEquals(Optional.of(false), action.holds(Bans.subject("192.0.2.2")));
            action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("192.0.2.2", HOUR)));
            assertEquals(Optional.of(true), action.holds(Bans.subject("192.0.2.2")));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HASH", "CIDR"})
    void apply_directoryFullOrReadOnly_leavesTheOldMapInForce(MapType type) throws Exception {
        try (SmallDisk maps = SmallDisk.mount(dir.resolve("maps"), "size=128k");
                Action action = open("client", SubjectKind.CLIENT, type)) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));
            var many = IntStream.range(0, 5000)
                    .mapToObj(i -> impose("10.0.%d.%d".formatted(i >> 8, i & 255), HOUR))
                    .toList();

            assertThrows(ActionException.class, () -> action.apply(many));
            assertEquals(Optional.of(true), action.holds(Bans.subject("192.0.2.1")));
            assertEquals(Optional.of(false), action.holds(Bans.subject("10.0.0.1")));

            action.reconcile(List.of(ban("192.0.2.2", HOUR)));
            assertEquals(Optional.of(false), action.holds(Bans.subject("192.0.2.1")));
            maps.readOnly(true);
            ActionException failure =
                    assertThrows(ActionException.class, () -> action.reconcile(List.of(ban("192.0.2.3", HOUR))));
            assertTrue(String.valueOf(failure.getMessage()).startsWith("map: "), failure.getMessage());
            assertEquals(Optional.of(true), action.holds(Bans.subject("192.0.2.2")));
            maps.readOnly(false);
            action.reconcile(List.of(ban("192.0.2.3", HOUR)));
            assertEquals(Optional.of(true), action.holds(Bans.subject("192.0.2.3")));
        }
    }

    @Test
    void sendersAndLogins_thatCouldBeMoreThanAKey_arePassedOver() throws Exception {
        try (Action action = open("sender", SubjectKind.SENDER, MapType.HASH)) {
            action.reconcile(List.of(
                    ban("sender:spam@example.net", HOUR),
                    ban("sender:a b@example.net", HOUR),
                    ban("sender:\"q\"@example.net", HOUR),
                    ban("sender:# x@example.net", HOUR),
                    ban("sender:example.com", HOUR),
                    ban("sender:@example.com", HOUR),
                    ban("sender:bj\u00f6rn@example.net", HOUR)));
            assertEquals(
                    List.of("bj\u00f6rn@example.net", "spam@example.net"),
                    Files.readAllLines(dir.resolve("maps/sender")).stream()
                            .filter(line -> !line.startsWith("#"))
                            .map(line -> line.split("\t", 2)[0])
                            .toList());
            assertEquals(Optional.of(true), action.holds(Bans.subject("sender:spam@example.net")));
        }
        try (Action action = open("login", SubjectKind.ACCOUNT, MapType.PCRE)) {
            action.reconcile(List.of(ban("account:a.b+$1(x|y)", HOUR)));
            assertEquals(Optional.of(true), action.holds(Bans.subject("account:a.b+$1(x|y)")));
            assertEquals(Optional.of(false), action.holds(Bans.subject("account:aXb+$1(x|y)")));
            String said = run(
                    Command.find("postmap"),
                    "-c",
                    instance.toString(),
                    "-q",
                    "a.b+$1(x|y)",
                    "pcre:" + dir.resolve("maps/login"));
            assertTrue(said.startsWith("554 5.7.1 a.b+$1(x|y) is banned until 20"), said);
        }
    }

    /** Real connections, from addresses that are banned and those that are not; and again when the bans have ended. */
    @ParameterizedTest
    @EnumSource
    void mail_ofTheBanned_isRefusedUntilTheBanEnds(MapType type) throws Exception {
        needs(type);
        instance = RealPostfix.instance(
                dir,
                "smtpd_client_restrictions = check_client_access %1$s:%2$s/maps/client, check_sasl_access %3$s:%2$s/maps/account"
                        .formatted(type.word(), dir, ofText(type)),
                "smtpd_sender_restrictions = check_sender_access %s:%s/maps/sender".formatted(ofText(type), dir));
        List<String> banned = List.of("192.0.2.1", "198.51.100.7", "203.0.113.200", "2001:db8:1::7", "2001:db8:2:3::9");
        List<String> others =
                List.of("192.0.2.2", "198.51.101.7", "203.0.113.100", "2001:db8:1:1::7", "2001:db8:2:4::9");
        try (NetNamespace namespace = new NetNamespace();
                Action client = open("client", SubjectKind.CLIENT, type);
                Action account = open("account", SubjectKind.ACCOUNT, MapType.parse(ofText(type)));
                Action sender = open("sender", SubjectKind.SENDER, MapType.parse(ofText(type)))) {
            namespace.ip("link", "set", "lo", "up");
            for (String address :
                    Stream.concat(banned.stream(), others.stream()).toList()) {
                boolean ipv6 = address.contains(":");
                namespace.ip("address", "add", address + (ipv6 ? "/128" : "/32"), "dev", "lo");
            }
            client.reconcile(List.of());
            account.reconcile(List.of());
            sender.reconcile(List.of());
            try (RealPostfix postfix = RealPostfix.start(dir)) {
                assertAccepted(postfix, "192.0.2.1", "", "a@example.net");
                client.apply(List.of(
                        impose("192.0.2.1", HOUR),
                        impose("198.51.100.0/24", HOUR),
                        impose("203.0.113.128/25", HOUR),
                        impose("2001:db8:1::/64", HOUR),
                        impose("2001:db8:2:3::/64", HOUR)));
                account.apply(List.of(impose("account:bob@example.org", HOUR)));
                sender.apply(List.of(impose("sender:spam@example.net", HOUR)));

                for (String address : banned) {
                    assertRefused(postfix, address, "", "a@example.net");
                }
                for (String address : others) {
                    assertAccepted(postfix, address, "", "a@example.net");
                }
                assertRefused(postfix, "192.0.2.2", "bob@example.org", "a@example.net");
                assertAccepted(postfix, "192.0.2.2", "alice@example.org", "a@example.net");
                assertRefused(postfix, "192.0.2.2", "", "Spam@example.net");
                assertAccepted(postfix, "192.0.2.2", "", "ham@example.net");

                client.apply(List.of(
                        lift("192.0.2.1"),
                        lift("198.51.100.0/24"),
                        lift("203.0.113.128/25"),
                        lift("2001:db8:1::/64"),
                        lift("2001:db8:2:3::/64")));
                account.apply(List.of(lift("account:bob@example.org")));
                sender.apply(List.of(lift("sender:spam@example.net")));

                for (String address : banned) {
                    assertAccepted(postfix, address, "", "a@example.net");
                }
                assertAccepted(postfix, "192.0.2.2", "bob@example.org", "a@example.net");
                assertAccepted(postfix, "192.0.2.2", "", "spam@example.net");
                assertFalse(postfix.log().matches("(?s).*postfix/smtpd\\[[0-9]+\\]: fatal.*"), postfix.log());
            }
        }
    }

    /** A cidr map cannot hold accounts. */
    private static String ofText(MapType type) {
        return type == MapType.CIDR ? "texthash" : type.word();
    }

    private static void needs(MapType type) {
        boolean apart = type == MapType.LMDB || type == MapType.CDB || type == MapType.PCRE;
        Needs.installed(
                !apart || Files.exists(Path.of("/usr/lib/postfix/postfix-" + type.word() + ".so")),
                "Postfix's map type " + type.word(),
                "postfix-" + type.word());
    }

    private static void assertRefused(RealPostfix postfix, String client, String login, String sender)
            throws Exception {
        String reply = settled(postfix, client, login, sender, "554 5.7.1 ");
        assertTrue(reply.startsWith("554 5.7.1 ") && reply.contains(" is banned until "), client + ": " + reply);
    }

    private static void assertAccepted(RealPostfix postfix, String client, String login, String sender)
            throws Exception {
        String reply = settled(postfix, client, login, sender, "250 ");
        assertTrue(reply.startsWith("250 "), client + ": " + reply);
    }

    /** A process that waited for its next client when the map changed may have looked into the old one. */
    private static String settled(RealPostfix postfix, String client, String login, String sender, String expected)
            throws Exception {
        String reply = postfix.send(client, login, sender);
        for (int i = 0; i < 30 && !reply.startsWith(expected); i++) {
            Thread.sleep(100);
            reply = postfix.send(client, login, sender);
        }
        return reply;
    }
}
