package org.postbane.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.host.UnixDatagrams;
import org.postbane.testing.JournalFiles;
import org.postbane.testing.NetNamespace;
import org.postbane.testing.Opened;

/** Whole daemons that read anything but one file: from what was sent or written there to the ban. */
@Timeout(180)
class SourcesIT {

    private static final String SPAMMER4 = "203.0.113.4";
    private static final String SPAMMER6 = "2001:db8:13:3::103";

    private static final String JAILS = """
            [DEFAULT]
            action = %s
            [spam]
            weigh = spam, virus*5
            threshold = 0.1
            certainty = 0.001
            bantime = decay
            """;

    /** {@code 2026-11-21T09:15:23.342795+00:00 mx1 postfix/smtpd[2826]: message}. */
    private static final Pattern LINE = Pattern.compile("\\S+ \\S+ (([^/\\[]+/)?([^\\[]+))\\[\\d+\\]: (.*)");

    @RegisterExtension
    final Opened opened = new Opened();

    @TempDir
    Path directory;

    private Daemon daemon;

    private void start(String sources, String action, UnaryOperator<List<String>> place) throws Exception {
        daemon = opened.add(
                new Daemon(directory, directory.resolve("mail.log"), sources, JAILS.formatted(action), place));
        daemon.start();
    }

    private void awaitBans(String... subjects) throws Exception {
        daemon.await("bans", () -> daemon.bans().keySet().containsAll(Set.of(subjects)));
        assertEquals(Set.of(subjects), daemon.bans().keySet());
    }

    /** Of three messages; the first one has the client banned, so the others are waited for. */
    private void assertCountedOnce(String spammer) throws Exception {
        daemon.await("all messages", () -> ((Number) Json.at(jail(spammer), "messages")).intValue() >= 3);
        Thread.sleep(300); // one that is counted again
        Object jail = jail(spammer);
        assertEquals(15, Json.at(jail, "victims"), spammer);
        assertEquals(3, Json.at(jail, "messages"), spammer);
    }

    private Object jail(String client) throws Exception {
        Object explanation =
                daemon.command("explain", "--json", client).mustBe(0).json();
        return Json.list(explanation, "jails").get(0);
    }

    /** The sources by their places, as {@code status --json} has them. */
    private Map<String, Object> sources() throws Exception {
        Map<String, Object> sources = new TreeMap<>();
        Program.Outcome outcome = daemon.command("status", "--json");
        for (Object source : Json.list(outcome.json(), "sources")) {
            sources.put(Json.at(source, "path").toString(), source);
        }
        return sources;
    }

    @Test
    void patterns_eachFileIsReadForItself_throughKillAndRotation() throws Exception {
        Path one = Files.createDirectories(directory.resolve("logs/mx1")).resolve("mail.log");
        Path two = Files.createDirectories(directory.resolve("logs/mx2")).resolve("mail.log");
        Daemon.append(one, Samples.lines("ham"));
        start("[source mail]\npath = " + directory + "/logs/*/mail*", "log", command -> command);
        assertEquals(Set.of(one.toString()), sources().keySet());

        Daemon.append(two, Samples.lines("spam4")); // a file that appears
        Path unreadable = Files.createDirectories(directory.resolve("logs/mx3")).resolve("mail.fifo");
        Files.createSymbolicLink(unreadable, unreadable);
        awaitBans(SPAMMER4);
        assertEquals(Set.of(one.toString(), two.toString()), sources().keySet());

        daemon.kill();
        Files.move(two, two.resolveSibling("mail.log.1")); // would match
        Daemon.append(two.resolveSibling("mail.log.1"), Samples.lines("spam6"));
        Daemon.append(two, Samples.lines("ham"));
        daemon.start();
        awaitBans(SPAMMER4, SPAMMER6);
        Files.delete(one); // its fault is no other's
        daemon.await(
                "a warning",
                () -> Json.list(sources().get(one.toString()), "troubles").size() == 1);

        int all = Samples.lines("spam6").size() + Samples.lines("ham").size();
        daemon.await("all lines", () -> ((Number) Json.at(sources().get(two.toString()), "lines")).intValue() >= all);
        Map<String, Object> sources = sources();
        assertEquals(Set.of(one.toString(), two.toString()), sources.keySet());
        assertEquals(List.of(), Json.list(sources.get(two.toString()), "troubles"));
        assertEquals("mail:mx2/mail.log", Json.at(sources.get(two.toString()), "name"));
        assertEquals(all, Json.at(sources.get(two.toString()), "lines"));
        assertCountedOnce(SPAMMER4);
        assertCountedOnce(SPAMMER6);
        assertEquals(0, daemon.stop());
    }

    /** Root reads what it likes, but for the capabilities that let it. */
    private static List<String> withoutPrivilege(List<String> command) {
        if (!"root".equals(System.getProperty("user.name"))) {
            return command;
        }
        List<String> whole = new ArrayList<>(List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search"));
        whole.addAll(command);
        return whole;
    }

    @Test
    void rightsThatComeAndGo_loseNothing_andHinderNoOther() throws Exception {
        Path logs = Files.createDirectory(directory.resolve("logs"));
        Path log = logs.resolve("mail.log");
        Path other = directory.resolve("other.log");
        Daemon.append(log, Samples.lines("ham"));
        Daemon.append(other, Samples.lines("ham"));
        start(
                "[source mail]\npath = %s\n[source other]\npath = %s".formatted(log, other),
                "log",
                SourcesIT::withoutPrivilege);

        Files.move(log, logs.resolve("mail.log.1"));
        Files.createFile(log);
        Files.setPosixFilePermissions(log, PosixFilePermissions.fromString("---------"));
        daemon.await("the fault", () -> fault(log).equals(log + ": Permission denied"));
        List<String> spam = Samples.lines("spam4");
        Files.setPosixFilePermissions(log, PosixFilePermissions.fromString("-w-------"));
        Daemon.append(log, spam.subList(0, 20));
        Daemon.append(other, Samples.lines("spam6"));
        awaitBans(SPAMMER6);
        daemon.kill(); // and it goes on waiting
        daemon.start();
        Files.setPosixFilePermissions(log, PosixFilePermissions.fromString("rw-------"));
        daemon.await("lines", () -> lines() >= 20);
        Files.setPosixFilePermissions(logs, PosixFilePermissions.fromString("---------"));
        daemon.await("the fault", () -> fault(log).contains("Permission denied"));
        Files.setPosixFilePermissions(logs, PosixFilePermissions.fromString("rwx------"));
        Daemon.append(log, spam.subList(20, spam.size()));

        awaitBans(SPAMMER4, SPAMMER6);
        assertCountedOnce(SPAMMER4);
        assertCountedOnce(SPAMMER6);
        daemon.await("it to be well", () -> fault(log).isEmpty());
    }

    private String fault(Path log) throws Exception {
        Object fault = ((Map<?, ?>) sources().get(log.toString())).get("fault");
        return fault == null ? "" : fault.toString();
    }

    @Test
    void journal_spamIsBannedInTheKernel_forgedLinesAreNot_throughKillAndVacuum() throws Exception {
        JournalFiles.need();
        Path journal = Files.createDirectory(directory.resolve("journal"));
        JournalFiles files = new JournalFiles(Instant.now().minusSeconds(600));
        entries(files, Samples.lines("spam6"), 4711); // before the daemon's time
        files.write(journal.resolve("system@1.journal"));
        try (NetNamespace namespace = new NetNamespace()) {
            start(
                    "[source mail]\njournal = " + journal + "\ntrust = */* amavis: user=4711",
                    "nftables",
                    command -> inNamespace(namespace, command));
            Thread.sleep(3000); // until it has found the end
            entries(files, Samples.lines("spam4").subList(0, 30), 4711);
            entries(files, Samples.lines("spam6"), 1000); // logger -t postfix/smtpd ...
            files.write(journal.resolve("system@2.journal"));
            daemon.await("lines", () -> lines() >= 30);

            daemon.kill();
            Files.delete(journal.resolve("system@1.journal"));
            entries(
                    files,
                    Samples.lines("spam4").subList(30, Samples.lines("spam4").size()),
                    4711);
            files.write(journal.resolve("system.journal"));
            daemon.start();
            awaitBans(SPAMMER4);
            daemon.await(
                    "the kernel",
                    () -> namespace.nft("list", "table", "inet", "postbane").contains(SPAMMER4));
            assertCountedOnce(SPAMMER4);
        }
    }

    private long lines() throws Exception {
        return sources().values().stream()
                .mapToLong(source -> ((Number) Json.at(source, "lines")).longValue())
                .sum();
    }

    private static List<String> inNamespace(NetNamespace namespace, List<String> command) {
        List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", namespace.name()));
        whole.addAll(command);
        return whole;
    }

    private static void entries(JournalFiles files, List<String> lines, int uid) {
        for (String line : lines) {
            Matcher matcher = LINE.matcher(line);
            assertTrue(matcher.matches(), line);
            files.entry(matcher.group(1), uid, matcher.group(3), matcher.group(4));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"udp", "tcp", "unix", "unix-stream"})
    void receiver_spamThatIsSent_isBanned(String kind) throws Exception {
        int port = freePort();
        boolean unix = kind.startsWith("unix");
        Path socket = directory.resolve("log");
        start(
                "[source mail]\nlisten = %s%s"
                        .formatted(
                                kind,
                                unix
                                        ? ":" + socket + "\nzone = UTC\ntrust = */* amavis: user=" + uid()
                                        : "://127.0.0.1:" + port),
                "log",
                command -> command);
        daemon.await(
                "the receiver",
                () -> !((Map<?, ?>) sources().values().iterator().next()).containsKey("fault"));

        String now = DateTimeFormatter.ofPattern("MMM ppd HH:mm:ss ", Locale.ROOT)
                .format(Instant.now().atOffset(ZoneOffset.UTC));
        List<String> messages = Daemon.stamped(Samples.lines("spam4")).stream()
                .map(line -> unix ? now + line.substring(line.indexOf(" mx1 ") + 5) : line) // as syslog(3) writes it
                .map(line -> "<22>" + line)
                .toList();
        switch (kind) {
            case "udp" -> {
                try (DatagramSocket sender = new DatagramSocket()) {
                    for (String message : messages) {
                        byte[] bytes = message.getBytes(UTF_8);
                        sender.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), port));
                    }
                }
            }
            case "tcp" -> {
                try (Socket sender = new Socket(InetAddress.getLoopbackAddress(), port);
                        OutputStream out = sender.getOutputStream()) {
                    for (String message : messages) {
                        byte[] bytes = message.getBytes(UTF_8);
                        out.write((bytes.length + " " + message).getBytes(UTF_8)); // octet counting, RFC 6587
                    }
                }
            }
            case "unix" -> {
                for (String message : messages) {
                    send(socket, message);
                }
            }
            default -> {
                var sender = java.nio.channels.SocketChannel.open(java.net.UnixDomainSocketAddress.of(socket));
                try (sender) {
                    sender.write(UTF_8.encode(String.join("\n", messages) + "\n"));
                }
            }
        }

        awaitBans(SPAMMER4);
        assertCountedOnce(SPAMMER4);
        daemon.await("the ban in the log", () -> daemon.log().contains(SPAMMER4));
        assertTrue(Instant.now()
                .isBefore(Instant.parse(daemon.bans().get(SPAMMER4).get("until").toString())));
    }

    /** Waits for room, as syslog(3) does. */
    private static void send(Path socket, String message) throws Exception {
        for (int i = 0; ; i++) {
            try {
                UnixDatagrams.send(socket.toString(), message.getBytes(UTF_8));
                return;
            } catch (IOException e) {
                if (i == 100) {
                    throw e;
                }
                Thread.sleep(20);
            }
        }
    }

    private static Object uid() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    private static int freePort() throws IOException {
        try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return any.getLocalPort();
        }
    }
}
