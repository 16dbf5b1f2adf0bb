package org.postbane.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.endtoend.Program.Outcome;
import org.postbane.testing.Opened;

/** The built program from the line in the log to the packet that the kernel drops, and back. */
@Timeout(180)
class KernelBanIT {

    private static final String SPAMMER4 = "203.0.113.4";
    private static final String SPAMMER6 = "2001:db8:13:3::103";
    private static final String GUESSER4 = "192.0.2.86";
    private static final String GUESSER6 = "2001:db8:77::2";
    private static final String HONEST4 = "198.51.100.7";
    private static final String HONEST6 = "2001:db8:77::3";

    private static final Duration BRIEF = Duration.ofSeconds(20);

    private static final String JAILS = """
            [DEFAULT]
            action = nftables
            [spam]
            weigh = spam, virus*5
            threshold = 0.1
            certainty = 0.001
            bantime = decay
            [auth]
            weigh = auth-failure
            maxretry = 5
            findtime = 10m
            bantime = %ds
            """.formatted(BRIEF.toSeconds());

    /** Seconds by which the kernel and the database may differ. */
    private static final double SLACK = 3;

    @RegisterExtension
    final Opened opened = new Opened();

    @TempDir
    Path directory;

    private Cable cable;
    private Daemon daemon;

    @BeforeEach
    void start() throws Exception {
        cable = opened.add(Cable.plug());
        daemon = opened.add(new Daemon(
                directory,
                directory.resolve("mail.log"),
                JAILS,
                command -> cable.serverCommand(command.toArray(String[]::new))));
        daemon.start();
    }

    @Test
    void spam_proven_banHoldsThroughKillAndFlush() throws Exception {
        String[] all = {SPAMMER4, SPAMMER6, HONEST4, HONEST6};
        assertEquals(Set.of(all), cable.connected(all));

        daemon.append(Samples.lines("ham"));
        daemon.append(Samples.lines("spam4"));
        daemon.append(Samples.lines("spam6"));
        awaitKernel(SPAMMER4, SPAMMER6);
        Map<String, Map<?, ?>> bans = daemon.bans();
        assertEquals(Set.of(SPAMMER4, SPAMMER6), bans.keySet());
        assertKernelAgrees(bans);
        assertEquals(Set.of(HONEST4, HONEST6), cable.connected(all));

        daemon.kill();
        assertEquals(Set.of(HONEST4, HONEST6), cable.connected(all), "without the daemon");
        daemon.append(failures(GUESSER4)); // nobody reads it yet
        daemon.start();
        daemon.await("the lines of the meantime", () -> daemon.bans().size() == 3);
        Map<String, Map<?, ?>> after = new TreeMap<>(daemon.bans());
        after.remove(GUESSER4);
        assertEquals(bans, after);
        awaitKernel(after.keySet());
        assertKernelAgrees(after);
        assertCountedOnce();

        cable.nft("flush", "ruleset").mustBe(0);
        daemon.await(
                "the table to be back",
                () -> cable.nft("list", "table", "inet", "postbane").status() == 0);
        awaitKernel(SPAMMER4, SPAMMER6);
        assertKernelAgrees(bans);
        assertEquals(Set.of(HONEST4, HONEST6), cable.connected(all));
        Object status = daemon.command("status", "--json").mustBe(0).json();
        assertEquals(1, Json.at(Json.list(status, "actions").get(0), "drifts"));
        assertCountedOnce();
    }

    /** Three messages to five recipients each, for either spammer, however often they were read. */
    private void assertCountedOnce() throws IOException, InterruptedException {
        for (String spammer : List.of(SPAMMER4, SPAMMER6)) {
            Object explanation =
                    daemon.command("explain", "--json", spammer).mustBe(0).json();
            Object jail = Json.list(explanation, "jails").get(0);
            assertEquals("spam", Json.at(jail, "jail"));
            assertEquals(15, Json.at(jail, "victims"));
            assertEquals(3, Json.at(jail, "messages"));
            assertEquals(
                    15.0,
                    Json.list(explanation, "offences").stream()
                            .mapToDouble(offence -> ((Number) Json.at(offence, "weight")).doubleValue())
                            .sum());
        }
    }

    @Test
    void brief_banEndsInTheKernelWhileTheDaemonIsDead() throws Exception {
        String[] all = {GUESSER4, GUESSER6, HONEST4, HONEST6};
        assertEquals(Set.of(all), cable.connected(all));

        Instant begin = Instant.now();
        daemon.append(failures(GUESSER4));
        daemon.append(failures(GUESSER6));
        awaitKernel(GUESSER4, GUESSER6);
        assertEquals(Set.of(HONEST4, HONEST6), cable.connected(all));
        Map<String, Map<?, ?>> bans = daemon.bans();
        assertEquals(Set.of(GUESSER4, GUESSER6), bans.keySet());
        for (Map<?, ?> ban : bans.values()) {
            assertEquals("auth", ban.get("jail"));
            assertEquals(BRIEF, Duration.between(Instant.parse((String) ban.get("from")), until(ban)));
            assertFalse(until(ban).isBefore(begin.plus(BRIEF)));
        }

        daemon.kill();
        daemon.await("the kernel to let them in", () -> kernel().isEmpty());
        assertFalse(Instant.now().isBefore(begin.plus(BRIEF).minusMillis(100)), "too early");
        assertEquals(Set.of(all), cable.connected(all));
        daemon.start();
        assertEquals(Map.of(), daemon.bans());
        assertEquals(Map.of(), kernel());
    }

    @Test
    void commands_throughTheSocket_bindTheKernel() throws Exception {
        String network = "198.51.100.0/24";
        Outcome banned = daemon.command(
                        "ban", SPAMMER4, SPAMMER6, network, "--for", "1h", "--reason", "seen in person", "--json")
                .mustBe(0);
        assertEquals("", banned.err());
        assertEquals(3, Json.list(banned.json(), "banned").size());
        assertEquals(Set.of(SPAMMER4, SPAMMER6, "198.51.100.0"), kernel().keySet());
        assertEquals(Set.of(GUESSER4, HONEST6), cable.connected(SPAMMER4, SPAMMER6, HONEST4, GUESSER4, HONEST6));

        Map<?, ?> ban = daemon.bans().get(network);
        assertEquals("manual", ban.get("jail"));
        assertEquals("seen in person", ban.get("reason"));
        String table = daemon.command("list").mustBe(0).out();
        assertTrue(table.contains(SPAMMER6) && table.contains("seen in person") && table.contains("3 in force"), table);

        Outcome loopback = daemon.command("ban", "127.0.0.1", "--for", "1h").mustBe(1);
        assertTrue(loopback.err().startsWith("postbane: 127.0.0.1 is not banned: "), loopback.err());
        assertEquals(1, loopback.err().lines().count());
        daemon.command("ban", "nonsense").mustBe(64);
        daemon.command("ban", SPAMMER4, "--for", "soon").mustBe(64);
        daemon.command("ban").mustBe(64);

        Object explanation =
                daemon.command("explain", "--json", HONEST4).mustBe(0).json();
        assertEquals(network, Json.at(Json.list(explanation, "bans").get(0), "subject"));
        assertTrue(daemon.command("explain", HONEST4).mustBe(0).out().startsWith(HONEST4 + " is banned"));

        Object status = daemon.command("status", "--json").mustBe(0).json();
        assertEquals(3, Json.at(status, "bans", "manual"));
        Object action = Json.list(status, "actions").get(0);
        assertEquals("nftables", Json.at(action, "name"));
        assertEquals(3, Json.at(action, "bans"));
        assertEquals(0, Json.at(action, "failures"));
        assertFalse(((Map<?, ?>) action).containsKey("lastError"));
        assertTrue(daemon.command("status").mustBe(0).out().contains("3 bans in force (manual 3)"));

        daemon.command("unban", SPAMMER4, network).mustBe(0);
        assertEquals(Set.of(SPAMMER6), kernel().keySet());
        assertEquals(Set.of(SPAMMER4, HONEST4), cable.connected(SPAMMER4, SPAMMER6, HONEST4));
        Outcome again = daemon.command("unban", SPAMMER4).mustBe(1);
        assertEquals("postbane: %s was not banned%n".formatted(SPAMMER4), again.err());
        daemon.command("unban", "--all").mustBe(0);
        assertEquals(Map.of(), kernel());
        assertEquals("nobody is banned\n", daemon.command("list").mustBe(0).out());

        assertEquals(0, daemon.stop());
        assertTrue(daemon.log().stripTrailing().endsWith("stopping"), daemon.log());
        assertFalse(Files.exists(directory.resolve("run/postbane.sock")));
        Outcome nobody = daemon.command("status").mustBe(69);
        assertEquals("postbane: no daemon listens on %s/run/postbane.sock%n".formatted(directory), nobody.err());
    }

    /** Five failed logins of one client: a real one, again and again. */
    private static List<String> failures(String client) throws IOException {
        List<String> one = Samples.lines("auth").stream()
                .filter(line -> line.contains("[" + client + "]: SASL"))
                .limit(1)
                .toList();
        List<String> five = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            five.addAll(one);
        }
        assertEquals(5, five.size());
        return five;
    }

    private void awaitKernel(String... banned) throws Exception {
        awaitKernel(Set.copyOf(Arrays.asList(banned)));
    }

    private void awaitKernel(Set<String> banned) throws Exception {
        daemon.await(banned + " in the kernel", () -> kernel().keySet().containsAll(banned));
    }

    /** What is left of each ban in the kernel, in seconds, by address. */
    private Map<String, Integer> kernel() throws IOException, InterruptedException {
        return NftListing.read(
                cable.nft("-j", "list", "table", "inet", "postbane").mustBe(0).json());
    }

    private static Instant until(Map<?, ?> ban) {
        return Instant.parse((String) ban.get("until"));
    }

    /** The kernel holds each of these bans, until the moment that the database says. */
    private void assertKernelAgrees(Map<String, Map<?, ?>> bans) throws IOException, InterruptedException {
        Map<String, Integer> left = kernel();
        Instant now = Instant.now();
        for (Map.Entry<String, Map<?, ?>> ban : bans.entrySet()) {
            double expected = Duration.between(now, until(ban.getValue())).toMillis() / 1000.0;
            assertEquals(expected, left.get(ban.getKey()), SLACK, ban.getKey());
        }
    }
}
