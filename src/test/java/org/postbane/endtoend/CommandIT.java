package org.postbane.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postbane.endtoend.Program.Outcome;
import org.postbane.testing.Needs;
import org.postbane.testing.Opened;
import org.postbane.testing.SmallDisk;

/** The built jar as a black box: words, files and standard input in; text, JSON and an exit status out. */
@Timeout(120)
class CommandIT {

    private static final String SPAMMER4 = "203.0.113.4";
    private static final String SPAMMER6 = "2001:db8:13:3::103";

    @RegisterExtension
    final Opened opened = new Opened();

    @TempDir
    Path directory;

    private Path log;

    @BeforeEach
    void writeLog() throws Exception {
        List<String> lines = new ArrayList<>();
        for (String name : List.of("ham", "spam4", "spam6", "auth")) {
            lines.addAll(Samples.lines(name));
        }
        lines.sort(null); // by their stamps
        log = Files.write(directory.resolve("mail.log"), lines);
    }

    @Test
    void scan_asTheReadmeSays_namesWhoWouldBeBanned() throws Exception {
        Outcome scan = Program.run(Program.postbane("scan", log.toString())).mustBe(0);

        assertEquals("", scan.err());
        List<String> rows = scan.out().lines().toList();
        assertTrue(rows.get(0).startsWith("CLIENT "), scan.out());
        List<String> banned =
                rows.stream().filter(row -> row.contains("spam, until ")).toList();
        assertEquals(2, banned.size(), scan.out());
        assertTrue(banned.stream().anyMatch(row -> row.matches(SPAMMER4 + " +3 +15 +0 .*")), scan.out());
        assertTrue(banned.stream().anyMatch(row -> row.matches(SPAMMER6 + " +3 +15 +0 .*")), scan.out());
        assertTrue(rows.get(rows.size() - 1).endsWith("; would ban 2 (spam 2)"), scan.out());
    }

    @Test
    void scanJson_isOneDocument_withWhatEachDid() throws Exception {
        Object scan = Program.run(Program.postbane("scan", "--json", log.toString()))
                .mustBe(0)
                .json();

        assertEquals(Files.readAllLines(log).size(), Json.at(scan, "lines"));
        assertEquals((int) Files.size(log), Json.at(scan, "bytes"));
        assertEquals(9, Json.at(scan, "messages"));
        assertClient(scan, SPAMMER4, Map.of("spam", 3, "victims", 15, "ham", 0, "traps", 0, "authFailures", 0));
        assertClient(scan, SPAMMER6, Map.of("spam", 3, "victims", 15, "ham", 0));
        assertClient(scan, "198.51.100.7", Map.of("spam", 0, "victims", 0, "ham", 3));
        assertClient(scan, "192.0.2.86", Map.of("spam", 0, "authFailures", 3));
        assertClient(scan, "2001:db8:77::2", Map.of("spam", 0, "authFailures", 1));
        List<String> banned = Json.list(scan, "bans").stream()
                .map(ban -> Json.at(ban, "jail") + " " + Json.at(ban, "subject"))
                .sorted()
                .toList();
        assertEquals(List.of("spam " + SPAMMER6, "spam " + SPAMMER4), banned);
    }

    private static void assertClient(Object scan, String client, Map<String, Object> expected) {
        Object found = Json.list(scan, "clients").stream()
                .filter(each -> Json.at(each, "client").equals(client))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + client));
        expected.forEach((name, value) -> assertEquals(value, Json.at(found, name), client + " " + name));
    }

    @Test
    void scan_gzipAndStandardInput_sayTheSameAsTheFile() throws Exception {
        Path packed = directory.resolve("mail.log.1.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            Files.copy(log, out);
        }

        String plain = scanJson(log.toString()).out();
        assertEquals(plain, scanJson(packed.toString()).out());
        Outcome piped =
                Program.run(new ProcessBuilder(Program.postbane("scan", "--json", "-")).redirectInput(log.toFile()));
        assertEquals(plain, piped.mustBe(0).out());
    }

    private static Outcome scanJson(String file) throws IOException, InterruptedException {
        return Program.run(Program.postbane("scan", "--json", file)).mustBe(0);
    }

    @Test
    void scan_traps_convictWhoWritesToThem() throws Exception {
        Path traps = Files.writeString(directory.resolve("traps"), "# nobody lives here\nu34@example.org\n");

        Object scan = Program.run(Program.postbane("scan", "--json", "--traps", traps.toString(), log.toString()))
                .mustBe(0)
                .json();

        assertTrue(
                Json.list(scan, "bans").stream()
                        .anyMatch(ban -> Json.at(ban, "jail").equals("trap")
                                && Json.at(ban, "subject").equals(SPAMMER4)),
                scan.toString());
    }

    @Test
    void scan_unknown_showsTheShapesOfWhatWasNotUnderstood() throws Exception {
        Path odd = directory.resolve("odd.log");
        List<String> lines = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            lines.add("2026-11-21T09:00:0%d+00:00 mx1 postfix/smtpd[7]: odd thing %d from x[192.0.2.%d]"
                    .formatted(i, i, i));
        }
        lines.add("2026-11-21T09:00:09+00:00 mx1 postfix/smtpd[7]: warning: numeric hostname: 192.0.2.1");
        lines.add("2026-11-21T09:00:09+00:00 mx1 sshd[7]: hello");
        lines.add("no header");
        Files.write(odd, lines);

        Outcome text = Program.run(Program.postbane("scan", "--unknown", odd.toString()))
                .mustBe(0);
        Object json = Program.run(Program.postbane("scan", "--unknown", "--json", odd.toString()))
                .mustBe(0)
                .json();

        assertTrue(text.out().contains("    3  postfix/smtpd  odd thing N from x[IP]"), text.out());
        assertTrue(
                text.out()
                        .contains(
                                "3 lines not understood (postfix/smtpd 3), 1 of programs that are not read, 1 without"),
                text.out());
        Object unknown = Json.at(json, "unknown");
        assertEquals(3, Json.at(unknown, "lines"));
        assertEquals(
                "odd thing N from x[IP]", Json.at(Json.list(unknown, "shapes").get(0), "shape"));
    }

    @Test
    void run_record_hasOneLineForEachRecordedMessage() throws Exception {
        Path followed = directory.resolve("followed.log");
        Path records = directory.resolve("record.log");
        Path config = Files.createDirectory(directory.resolve("config"));
        try (Daemon daemon = new Daemon(config, followed, "[spam]\nweigh = spam\naction = log\n", command -> command)) {
            Files.writeString(config.resolve("postbane.local"), "[record]\nlog = true\nfile = %s\n".formatted(records));
            daemon.start();
            daemon.append(Samples.lines("spam4"));
            daemon.append(Samples.lines("ham"));

            daemon.await(
                    "three records",
                    () -> Files.exists(records) && Files.readAllLines(records).size() == 3);

            for (String line : Files.readAllLines(records)) {
                assertTrue(
                        line.matches("record time=\\S+ client=203\\.0\\.113\\.4 account=- sender=\\S+ message-id=<\\S+>"
                                + " queue-id=\\w+ filter=amavis verdict=spam points=[0-9.]+ victims=5 trap=-"),
                        line);
                assertTrue(daemon.log().contains(line), "the log has it, too");
            }
        }
    }

    @Test
    void eventsJson_isOneObjectOnEachLine() throws Exception {
        Outcome events = Program.run(Program.postbane("events", "--json", log.toString()))
                .mustBe(0);

        assertEquals("", events.err());
        int verdicts = 0;
        int failures = 0;
        for (String line : events.out().lines().toList()) {
            Object event = Json.parse(line);
            assertTrue((Integer) Json.at(event, "line") > 0);
            assertFalse(((Map<?, ?>) event).containsKey("file"));
            Json.at(event, "time");
            verdicts += Json.at(event, "event").equals("verdict") ? 1 : 0;
            failures += Json.at(event, "event").equals("auth-failure") ? 1 : 0;
        }
        assertTrue(verdicts >= 9, "verdicts: " + verdicts);
        assertEquals(4, failures);
    }

    @ParameterizedTest
    @CsvSource({
        "64, ''",
        "64, nonsense",
        "64, scan",
        "64, scan --nonsense x",
        "64, scan --zone Nowhere/Else x",
        "64, unban",
        "64, explain nonsense",
        "66, scan /nonexistent/mail.log",
        "66, events /nonexistent/mail.log",
        "66, scan /",
        "69, status --socket /nonexistent/postbane.sock",
        "78, check --config /nonexistent",
        "78, run --config /nonexistent"
    })
    void wrongWords_areToldInOneLine(int status, String words) throws Exception {
        Outcome outcome = Program.run(Program.postbane(words.isEmpty() ? new String[0] : words.split(" ", -1)))
                .mustBe(status);

        assertEquals("", outcome.out());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
    }

    @Test
    void check_names_allFaultsAtOnce() throws Exception {
        Path postbane = Files.writeString(
                directory.resolve("postbane.conf"), "[agent]\nsockett = /run/x\n[store]\nretention = long\n");
        Path jails = Files.writeString(
                directory.resolve("jails.conf"),
                "[DEFAULT]\naction = nftables\n[spam]\nweigh = spam\nbantime = soon\n");

        Outcome check = Program.run(Program.postbane("check", "--config", directory.toString()))
                .mustBe(78);

        assertEquals("", check.out());
        List<String> faults = check.err().lines().toList();
        assertEquals(3, faults.size(), check.err());
        assertTrue(faults.stream().anyMatch(fault -> fault.startsWith(postbane + ":2 sockett: ")), check.err());
        assertTrue(faults.stream().anyMatch(fault -> fault.startsWith(postbane + ":4 retention: ")), check.err());
        assertTrue(faults.stream().anyMatch(fault -> fault.startsWith(jails + ":5 bantime: ")), check.err());
    }

    @Test
    void scan_byNobody_withoutHome_worksInSilence() throws Exception {
        Needs.root("becoming another user");
        Needs.program("setpriv", "util-linux");
        Path open = Files.createTempDirectory(Path.of("/var/tmp"), "scan");
        try {
            Files.setPosixFilePermissions(open, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
            Path jar = Files.copy(Program.jar(), open.resolve("postbane.jar"));
            Path readable = Files.copy(log, open.resolve("mail.log"));
            List<String> command = new ArrayList<>(List.of(
                    "setpriv",
                    "--reuid",
                    "65534",
                    "--regid",
                    "65534",
                    "--clear-groups",
                    "java",
                    "-jar",
                    jar.toString()));
            command.addAll(List.of("scan", readable.toString()));
            ProcessBuilder builder =
                    new ProcessBuilder(command).directory(Path.of("/").toFile());
            builder.environment().remove("HOME");
            builder.environment().put("PATH", "/usr/bin:/bin"); // no nft, no ip

            Outcome scan = Program.run(builder).mustBe(0);

            assertEquals("", scan.err());
            assertTrue(scan.out().stripTrailing().endsWith("would ban 2 (spam 2)"), scan.out());
        } finally {
            try (var files = Files.list(open)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(open);
        }
    }

    @Test
    void scan_readerGoesAway_endsWithoutNoise() throws Exception {
        Path big = directory.resolve("big.log");
        try (OutputStream out = Files.newOutputStream(big)) {
            for (int i = 0; i < 200; i++) {
                Files.copy(log, out);
            }
        }
        for (String command : List.of("scan", "events", "events --json")) {
            Outcome outcome = Program.run(List.of(
                            "bash",
                            "-c",
                            "java -jar \"$1\" " + command + " \"$2\" | head -n 1",
                            "bash",
                            Program.jar().toString(),
                            big.toString()))
                    .mustBe(0);
            assertEquals(1, outcome.out().lines().count());
            assertEquals("", outcome.err());
        }
    }

    @Test
    void output_onAFullDisk_isAFailure() throws Exception {
        for (String command : List.of("scan", "scan --json", "events")) {
            Outcome outcome = Program.run(List.of(
                            "bash",
                            "-c",
                            "java -jar \"$1\" " + command + " \"$2\" >/dev/full",
                            "bash",
                            Program.jar().toString(),
                            log.toString()))
                    .mustBe(1);
            assertEquals("postbane: standard output: No space left on device\n", outcome.err(), command);
        }
    }

    @Test
    void run_storeOnAFullDisk_endsWithAClearMessage() throws Exception {
        Path mount = directory.resolve("small");
        opened.add(SmallDisk.mount(mount, "size=1m"));
        Files.write(mount.resolve("ballast"), new byte[1_000_000]);
        Files.writeString(directory.resolve("postbane.conf"), """
                [agent]
                socket = %1$s/run/postbane.sock
                [store]
                url = jdbc:h2:file:%1$s/small/state
                [source mail]
                path = %1$s/mail.log
                """.formatted(directory));
        Files.writeString(directory.resolve("jails.conf"), "[spam]\nweigh = spam\naction = log\n");

        Outcome run = Program.run(Program.postbane("run", "--config", directory.toString()));

        assertNotEquals(0, run.status());
        assertFalse(run.err().contains("\tat "), run.err());
        assertTrue(run.err().contains("postbane: "), run.err());
        assertTrue(run.err().contains(mount.toString()), run.err());
    }
}
