package org.postbane.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postbane.endtoend.MailServer.LogFormat;

/** The agent beside a real mail server, following the log while it is written, with the jails as they are delivered. */
@Timeout(240)
class RealPostfixIT {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final List<String> SPAMMERS = List.of("192.0.2.1", "203.0.113.254", "2001:db8::1");
    private static final List<String> HONEST = List.of("198.51.100.5", "2001:db8:5::5");

    /** A relay with customers: three messages of spam in two dozen. */
    private static final String RELAY = "192.0.2.25";

    /** One message of spam is no proof. */
    private static final String UNLUCKY = "2001:db8:beef::25";

    @TempDir
    Path dir;

    @ParameterizedTest
    @EnumSource
    void mail_spamAndHam_onlyProvenSpammersAreKeptOut(LogFormat format) throws Exception {
        MailServer.needed();
        Path agent = Files.createDirectory(dir.resolve("agent"));
        Files.createDirectory(agent.resolve("actions"));
        Files.writeString(
                agent.resolve("actions/postfix-sasl-map.local"), "[Init]\nmap = %s/maps/account\n".formatted(agent));
        Path host = Files.createDirectory(dir.resolve("host"));
        try (MailServer server = MailServer.start(host, format);
                Daemon daemon = new Daemon(
                        agent,
                        server.mailLog(),
                        Files.readString(Path.of("packaging/jails.conf")),
                        command -> server.serverCommand(command.toArray(String[]::new)))) {
            String clients = server.clientCommand("true").get(3);
            String[] all = Stream.of(SPAMMERS, HONEST, List.of(RELAY, UNLUCKY))
                    .flatMap(List::stream)
                    .toArray(String[]::new);
            daemon.start();

            for (int i = 0; i < 21; i++) {
                server.send(RELAY, "customer@example.net", List.of("bob@example.org"), false);
            }
            for (String client : HONEST) {
                server.send(client, "friend@example.net", List.of("bob@example.org", "u1@example.com"), false);
            }
            server.send(
                    UNLUCKY,
                    "once@example.net",
                    List.of("alice@example.org", "u1@example.com", "u2@example.com"),
                    true);
            for (int i = 0; i < 3; i++) {
                server.send(RELAY, "infected@example.net", List.of("alice@example.org"), true);
                for (String client : SPAMMERS) {
                    server.send(client, "spammer@example.net", List.of("alice@example.org", "u1@example.com"), true);
                }
            }
            server.awaitLogLines("amavis\\[\\d+\\]: \\([-0-9]+\\) Blocked SPAM ", 3 * SPAMMERS.size() + 4, LIMIT);
            server.awaitLogLines("amavis\\[\\d+\\]: \\([-0-9]+\\) Passed CLEAN ", 21 + HONEST.size(), LIMIT);
            daemon.await("all is read", () -> {
                Object status = daemon.command("status", "--json").json();
                return Json.at(Json.list(status, "sources").get(0), "backlog").equals(0);
            });
            daemon.await("three bans", () -> daemon.bans().size() >= 3);
            daemon.await("three in the kernel", () -> kernel(server).size() >= 3);

            assertEquals(new TreeSet<>(SPAMMERS), new TreeSet<>(daemon.bans().keySet()));
            assertEquals(new TreeSet<>(SPAMMERS), kernel(server));
            Set<String> greeted = Cable.greeted(clients, all);
            assertEquals(
                    new TreeSet<>(Stream.of(HONEST, List.of(RELAY, UNLUCKY))
                            .flatMap(List::stream)
                            .toList()),
                    greeted);
            for (String client : SPAMMERS) {
                Map<?, ?> ban = daemon.bans().get(client);
                assertEquals("spam", ban.get("jail"));
                Object jail = jail(daemon, client);
                assertEquals(6, Json.at(jail, "victims"));
                assertEquals(3, Json.at(jail, "messages"));
            }
            Object relay = jail(daemon, RELAY);
            assertEquals(3, Json.at(relay, "victims"));
            assertTrue(number(relay, "severity") > number(relay, "limit"), "severity alone would ban it: " + relay);
            assertTrue(number(relay, "certainty") < 1, "but its good mail speaks for it: " + relay);
            assertTrue(!daemon.log().contains("WARN") && !daemon.log().contains("ERROR"), daemon.log());
        }
    }

    private static double number(Object jail, String name) {
        return ((Number) Json.at(jail, name)).doubleValue();
    }

    private static Object jail(Daemon daemon, String client) throws Exception {
        return Json.list(daemon.command("explain", "--json", client).mustBe(0).json(), "jails").stream()
                .filter(jail -> Json.at(jail, "jail").equals("spam"))
                .findFirst()
                .orElseThrow();
    }

    private static Set<String> kernel(MailServer server) throws IOException, InterruptedException {
        return NftListing.read(Program.run(server.serverCommand("nft", "-j", "list", "table", "inet", "postbane"))
                        .mustBe(0)
                        .json())
                .keySet();
    }
}
