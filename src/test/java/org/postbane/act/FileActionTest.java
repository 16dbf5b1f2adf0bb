package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.ban;
import static org.postbane.act.Bans.impose;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.act.Feed.Format;
import org.postbane.decide.Ban;
import org.postbane.model.Subject;
import org.postbane.testing.Needs;

/** {@link FileAction} in each format, and the programs that read them. */
@Timeout(60)
class FileActionTest {

    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    Path dir;

    private FileAction open(Format format, List<Subject> allowed) {
        return new FileAction(
                new FileSettings(
                        "file",
                        dir.resolve("feeds").resolve("bans"),
                        new Feed(format, HOUR),
                        Set.of(SubjectKind.CLIENT)),
                allowed,
                InstantSource.system());
    }

    abstract class InFormat extends ActionContract {

        private final Format format;
        private final Pattern line;

        InFormat(Format format, String line) {
            this.format = format;
            this.line = Pattern.compile(line, Pattern.MULTILINE);
        }

        @Override
        Action open() {
            return FileActionTest.this.open(format, List.of());
        }

        @Override
        boolean knowsEnds() {
            return false;
        }

        @Override
        Map<String, Duration> held() throws Exception {
            Map<String, Duration> held = new HashMap<>();
            Matcher found = line.matcher(Files.readString(dir.resolve("feeds").resolve("bans")));
            while (found.find()) {
                held.put(
                        Subject.parse(found.group(1).replaceAll("[\\[\\]]", "")).toString(), FOR_EVER);
            }
            return held;
        }

        @Override
        void destroy() throws Exception {
            Files.delete(dir.resolve("feeds").resolve("bans"));
        }
    }

    @Nested
    class Plain extends InFormat {
        Plain() {
            super(Format.PLAIN, "^(.+)$");
        }
    }

    @Nested
    class JsonDocument extends InFormat {
        JsonDocument() {
            super(Format.JSON, "\\{\"subject\": \"([^\"]+)\"");
        }
    }

    @Nested
    class Cidr extends InFormat {
        Cidr() {
            super(Format.CIDR, "^(\\S+)\treject$");
        }
    }

    @Nested
    class Rbldnsd extends InFormat {
        Rbldnsd() {
            super(Format.RBLDNSD, "^([0-9a-f][0-9a-f.:/]+)$");
        }
    }

    @Nested
    class HostsDeny extends InFormat {
        HostsDeny() {
            super(Format.HOSTS_DENY, "^ALL: (\\S+)$");
        }
    }

    @Test
    @SuppressWarnings("StringConcatToTextBlock") // tabs, and lines that begin with $
    void allowed_withinABannedNetwork_isExcluded() throws Exception {
        List<Ban> bans = List.of(
                ban("192.0.2.0/24", HOUR),
                ban("198.51.100.7", HOUR),
                ban("203.0.113.9", HOUR),
                ban("2001:db8::/32", HOUR));
        List<Subject> allowed = List.of(
                Subject.parse("192.0.2.5"),
                Subject.parse("198.51.100.0/24"),
                Subject.parse("2001:db8:1::/48"),
                Subject.parse("account:bob"));
        Instant now = Instant.parse("2026-11-21T09:00:00Z");

        assertEquals(
                "# Made by Postbane from its bans in force; changes here are lost.\n"
                        + "192.0.2.5\tdunno\n2001:db8:1::/48\tdunno\n"
                        + "192.0.2.0/24\treject\n203.0.113.9\treject\n2001:db8::/32\treject\n",
                new Feed(Format.CIDR, HOUR).text(bans, allowed, now));
        assertEquals(
                "# Made by Postbane from its bans in force; changes here are lost.\n"
                        + "$DATASET ip4trie:v4 @\n$TIMESTAMP 2026:11:21:09:00:00 +3600s\n:127.0.0.2:$ is banned\n!192.0.2.5\n192.0.2.0/24\n203.0.113.9\n"
                        + "$DATASET ip6trie:v6 @\n$TIMESTAMP 2026:11:21:09:00:00 +3600s\n:127.0.0.2:$ is banned\n!2001:db8:1::/48\n2001:db8::/32\n",
                new Feed(Format.RBLDNSD, HOUR).text(bans, allowed, now));
        assertEquals(
                "# Made by Postbane from its bans in force; changes here are lost.\n"
                        + "ALL: 192.0.2.0/24 EXCEPT 192.0.2.5\nALL: 203.0.113.9\nALL: [2001:db8::]/32 EXCEPT [2001:db8:1::]/48\n",
                new Feed(Format.HOSTS_DENY, HOUR).text(bans, allowed, now));
        assertEquals(
                "192.0.2.0/24\n203.0.113.9\n2001:db8::/32\n", new Feed(Format.PLAIN, HOUR).text(bans, allowed, now));
    }

    @Test
    void hostileNames_stayOnTheirLine() {
        Ban bob = ban("account:bob\"\\ 192.0.2.1\u2028", HOUR);
        Instant now = Instant.now();

        assertEquals(
                "account:bob\"\\ 192.0.2.1\u2028\n", new Feed(Format.PLAIN, HOUR).text(List.of(bob), List.of(), now));
        String json = new Feed(Format.JSON, HOUR).text(List.of(bob), List.of(), now);
        assertTrue(json.contains("\"account:bob\\\"\\\\ 192.0.2.1\\u2028\""), json);
    }

    @Test
    void file_isReadableForOthers_andNothingIsLeftAside() throws Exception {
        try (Action action = open(Format.PLAIN, List.of())) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));

            Path file = dir.resolve("feeds").resolve("bans");
            assertEquals("rw-r--r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            try (var files = Files.list(file.getParent())) {
                assertEquals(List.of(file), files.toList());
            }
        }
    }

    @Test
    void write_whereItCannotBe_leavesTheOldFileInForce() throws Exception {
        Path file = dir.resolve("feeds").resolve("bans");
        try (Action action = open(Format.PLAIN, List.of())) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));
            Path aside = file.resolveSibling(".bans.new");
            Files.createDirectories(aside.resolve("in the way"));

            ActionException failure =
                    assertThrows(ActionException.class, () -> action.apply(List.of(impose("192.0.2.2", HOUR))));
            assertTrue(String.valueOf(failure.getMessage()).startsWith("file: "), failure.getMessage());
            assertEquals("192.0.2.1\n", Files.readString(file));
            Files.delete(aside.resolve("in the way"));
            action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("192.0.2.2", HOUR)));

            assertEquals("192.0.2.1\n192.0.2.2\n", Files.readString(file));
        }
    }

    /** A real DNS list; in zones of time where a stamp in local time would be too old, or in the future. */
    @ParameterizedTest
    @ValueSource(strings = {"UTC", "Asia/Tokyo", "America/New_York"})
    void rbldnsd_servesTheZone(String zone) throws Exception {
        Needs.root("a real rbldnsd");
        Needs.program("rbldnsd", "rbldnsd");
        for (Path path = dir; path != null && path.getNameCount() > 1; path = path.getParent()) {
            path.toFile().setExecutable(true, false);
        }
        try (Action action = open(Format.RBLDNSD, List.of(Subject.parse("192.0.2.5")))) {
            action.reconcile(
                    List.of(ban("192.0.2.0/24", HOUR), ban("2001:db8:1::/64", HOUR), ban("198.51.100.0/23", HOUR)));
            int port = freePort();
            List<String> command = new ArrayList<>(List.of(
                    "/usr/sbin/rbldnsd",
                    "-n",
                    "-u",
                    "nobody",
                    "-c",
                    "1s",
                    "-b",
                    "127.0.0.1/" + port,
                    "bl.test:combined:" + dir.resolve("feeds").resolve("bans")));
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("TZ", zone);
            builder.redirectOutput(dir.resolve("rbldnsd.log").toFile());
            Process server = builder.start();
            try {
                assertEquals(true, settled(port, "1.2.0.192", true), Files.readString(dir.resolve("rbldnsd.log")));
                assertFalse(listed(port, "5.2.0.192"));
                assertTrue(listed(port, "9.101.51.198"));
                assertFalse(listed(port, "9.102.51.198"));
                assertTrue(listed(port, nibbles("2001:db8:1::7")));
                assertFalse(listed(port, nibbles("2001:db8:1:1::7")));

                action.apply(List.of(impose("203.0.113.9", HOUR), Bans.lift("192.0.2.0/24")));
                assertEquals(true, settled(port, "9.113.0.203", true));
                assertEquals(false, settled(port, "1.2.0.192", false));
            } finally {
                server.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
            }
        }
    }

    private static int freePort() throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            return socket.getLocalPort();
        }
    }

    private static String nibbles(String address) throws IOException {
        StringBuilder reversed = new StringBuilder();
        for (byte b : InetAddress.getByName(address).getAddress()) {
            reversed.insert(0, "%x.%x.".formatted(b & 15, b >> 4 & 15));
        }
        return reversed.substring(0, reversed.length() - 1);
    }

    /** It looks at its files once a second. */
    private static boolean settled(int port, String name, boolean expected) throws Exception {
        boolean listed = !expected;
        for (int i = 0; i < 50 && listed != expected; i++) {
            Thread.sleep(100);
            listed = listed(port, name);
        }
        return listed;
    }

    private static boolean listed(int port, String name) throws IOException {
        ByteBuffer query = ByteBuffer.allocate(512);
        query.putShort((short) 4711)
                .putShort((short) 0)
                .putShort((short) 1)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) 0);
        for (String label : (name + ".bl.test").split("\\.", -1)) {
            query.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
        }
        query.put((byte) 0).putShort((short) 1).putShort((short) 1);
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(500);
            socket.send(new DatagramPacket(query.array(), query.position(), InetAddress.getLoopbackAddress(), port));
            DatagramPacket reply = new DatagramPacket(new byte[512], 512);
            socket.receive(reply);
            return ByteBuffer.wrap(reply.getData()).getShort(6) > 0; // ANCOUNT
        } catch (java.net.SocketTimeoutException | java.net.PortUnreachableException e) {
            return false;
        }
    }
}
