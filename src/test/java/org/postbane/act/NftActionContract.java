package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.ban;
import static org.postbane.act.Bans.impose;
import static org.postbane.act.Bans.lift;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.act.NftSettings.Hook;
import org.postbane.decide.Ban;
import org.postbane.host.Nft;
import org.postbane.host.NftElement;
import org.postbane.testing.NetNamespace;

/** {@link NftAction} on the kernel's own packet filter, in a network namespace. The subclass says how nft is spoken to. */
abstract class NftActionContract extends ActionContract {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Pattern SET = Pattern.compile("set (\\w+) \\{(.*?)\\n\t\\}", Pattern.DOTALL);
    private static final Pattern ELEMENT =
            Pattern.compile("([0-9a-f.:]+)(?: timeout \\w+(?: expires (\\w+))?)?(?:,| \\})");
    private static final Pattern PART = Pattern.compile("(\\d+)(ms|d|h|m|s)");

    /** Addresses of this machine on the cable to {@link #plugPeer}. */
    private static final List<String> SERVERS = List.of("192.0.2.254", "2001:db8:1::fe");

    final NetNamespace namespace = opened.add(new NetNamespace());

    abstract Nft nft();

    @Override
    final Action open() {
        return open(NftSettings.defaults("nftables"));
    }

    private Action open(NftSettings settings) {
        return new NftAction(settings, nft(), InstantSource.system());
    }

    @Override
    final void destroy() {
        namespace.nft("flush", "ruleset");
    }

    @Override
    final Map<String, Duration> held() {
        Map<String, Duration> held = new HashMap<>();
        Matcher sets = SET.matcher(namespace.nft("list", "table", "inet", "postbane"));
        while (sets.find()) {
            String name = sets.group(1);
            String length = name.startsWith("nets") ? "/" + name.substring("nets4_".length()) : "";
            int elements = sets.group(2).indexOf("elements = ");
            Matcher element = ELEMENT.matcher(sets.group(2));
            for (int at = elements < 0 ? -1 : elements + 11; at >= 0 && element.find(at); at = element.end()) {
                Duration left = element.group(2) == null ? FOR_EVER : duration(element.group(2));
                held.put(element.group(1) + length, left);
            }
        }
        return held;
    }

    private static Duration duration(String text) {
        Duration sum = Duration.ZERO;
        Matcher part = PART.matcher(text);
        while (part.find()) {
            sum = sum.plus(
                    switch (part.group(2)) {
                        case "d" -> Duration.ofDays(Long.parseLong(part.group(1)));
                        case "h" -> Duration.ofHours(Long.parseLong(part.group(1)));
                        case "m" -> Duration.ofMinutes(Long.parseLong(part.group(1)));
                        case "s" -> Duration.ofSeconds(Long.parseLong(part.group(1)));
                        default -> Duration.ofMillis(Long.parseLong(part.group(1)));
                    });
        }
        return sum;
    }

    @Test
    void accountsAndSenders_arePassedOver() throws Exception {
        try (Action action = open()) {
            action.reconcile(List.of(ban("account:bob", HOUR), ban("192.0.2.1", HOUR)));
            action.apply(List.of(impose("sender:x@example.net", HOUR)));
        }

        assertEquals(1, held().size());
    }

    @Test
    void reconcile_sameNameOfAnotherKind_replacesIt() throws Exception {
        namespace.nft("add table inet postbane; add set inet postbane banned4 { type inet_service; };"
                + " add chain inet postbane banned4 { type filter hook input priority 5; }");

        try (Action action = open()) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));
        }

        assertEquals(1, held().size());
        assertTrue(
                namespace.nft("list", "chain", "inet", "postbane", "banned4").contains("hook prerouting priority raw"));
    }

    @Test
    void reconcile_leavesTablesOfOthers() throws Exception {
        namespace.nft("add table inet filter; add set inet filter banned4 { type ipv4_addr; }");

        try (Action action = open()) {
            action.reconcile(List.of());
        }

        assertTrue(namespace.nft("list", "tables").contains("table inet filter"));
    }

    @Test
    void reconcile_partsIntoAnEmptyKernel_firstHoldsWhileOthersAreToCome() throws Exception {
        List<List<Ban>> parts = List.of(
                List.of(ban("192.0.2.1", HOUR), ban("198.51.100.0/24", HOUR)),
                List.of(),
                List.of(ban("2001:db8::1", HOUR), ban("2001:db8:1::/64", HOUR), ban("192.0.2.2", HOUR)));
        List<Set<String>> heldBefore = new ArrayList<>();
        try (Action action = open()) {
            action.reconcile(watched(parts, heldBefore));
            action.apply(List.of(impose("192.0.2.3", HOUR), lift("198.51.100.0/24")));
        }

        assertEquals(Set.of("192.0.2.1", "198.51.100.0/24"), heldBefore.get(1));
        assertEquals(Set.of("192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8:1::/64"), held().keySet());
    }

    @Test
    void reconcile_partsIntoATableInForce_holdsOnUntilAllAreThere() throws Exception {
        List<List<Ban>> parts = List.of(List.of(ban("192.0.2.1", HOUR)), List.of(ban("192.0.2.2", HOUR)));
        List<Set<String>> heldBefore = new ArrayList<>();
        try (Action before = open()) {
            before.reconcile(List.of(ban("192.0.2.2", HOUR), ban("192.0.2.9", HOUR)));
        }

        try (Action action = open()) {
            action.reconcile(watched(parts, heldBefore));
        }

        assertEquals(Set.of("192.0.2.2", "192.0.2.9"), heldBefore.get(1));
        assertEquals(Set.of("192.0.2.1", "192.0.2.2"), held().keySet());
    }

    @Test
    void reconcile_noPartsAtAll_makesTheTable() throws Exception {
        try (Action action = open()) {
            action.reconcile(Collections.emptyIterator());
        }

        assertTrue(namespace.nft("list", "tables").contains("inet postbane"));
    }

    /** The parts; notes what the kernel holds whenever the next one is asked for. */
    private Iterator<List<Ban>> watched(List<List<Ban>> parts, List<Set<String>> heldBefore) {
        Iterator<List<Ban>> all = parts.iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return all.hasNext();
            }

            @Override
            public List<Ban> next() {
                boolean made = namespace.nft("list", "tables").contains("inet postbane");
                heldBefore.add(made ? Set.copyOf(held().keySet()) : Set.of());
                return all.next();
            }
        };
    }

    /** While the kernel still resizes its table of 100,000 elements, a listing leaves out some. */
    private int settledCount(int expected) throws InterruptedException {
        int count = held().size();
        for (int i = 0; i < 10 && count != expected; i++) {
            Thread.sleep(500);
            count = held().size();
        }
        return count;
    }

    @Test
    void reconcile_moreThanOneTransaction_holdsAllAndLeavesNoBridge() throws Exception {
        int count = NftAction.ONE_TRANSACTION + 7;
        List<Ban> bans = IntStream.range(0, count)
                .mapToObj(i -> ban("10.%d.%d.%d".formatted(i >> 16, i >> 8 & 255, i & 255), HOUR))
                .toList();
        try (Action action = open()) {
            action.reconcile(bans);
            action.reconcile(bans);
        }

        assertEquals(count, settledCount(count));
        assertFalse(namespace.nft("list", "tables").contains("bridge"));
    }

    /** Is killed before its command number {@code last}; until then notes how many of the bans hold before each command. */
    private final class Mortal extends PassedOnNft {

        private final List<Integer> heldBefore = new ArrayList<>();
        private final int last;

        Mortal(int last) {
            super(nft());
            this.last = last;
        }

        private void step() {
            if (heldBefore.size() == last) {
                throw new IllegalStateException("killed");
            }
            heldBefore.add(heldByAll());
        }

        @Override
        public void run(String commands) throws IOException {
            step();
            super.run(commands);
        }

        @Override
        public void change(String table, List<NftElement> gone, List<NftElement> there) throws IOException {
            step();
            super.change(table, gone, there);
        }
    }

    /** Addresses in any table. */
    private int heldByAll() {
        Set<String> addresses = new HashSet<>();
        Matcher address = Pattern.compile("10\\.\\d+\\.\\d+\\.\\d+").matcher(namespace.nft("list", "ruleset"));
        while (address.find()) {
            addresses.add(address.group());
        }
        return addresses.size();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {1, 3, 4, 5, 6}) // the bridge is filled by the second and third, the table by the fifth and sixth
    void reconcile_killedInTheMiddle_neitherThatNorTheNextLetsAnybodyIn(int last) throws Exception {
        int count = NftAction.ONE_TRANSACTION + 7;
        List<Ban> bans = IntStream.range(0, count)
                .mapToObj(i -> ban("10.%d.%d.%d".formatted(i >> 16, i >> 8 & 255, i & 255), HOUR))
                .toList();
        Mortal killed = new Mortal(last);
        Mortal next = new Mortal(Integer.MAX_VALUE);
        NftSettings settings = NftSettings.defaults("nftables");
        try (Action first = open();
                Action second = new NftAction(settings, killed, InstantSource.system());
                Action third = new NftAction(settings, next, InstantSource.system())) {
            first.reconcile(bans);
            assertThrows(IllegalStateException.class, () -> second.reconcile(bans));
            third.reconcile(List.of(bans).iterator());
            assertTrue(third.isIntact());
        }

        assertEquals(Collections.nCopies(last, count), killed.heldBefore);
        assertEquals(Set.of(count), Set.copyOf(next.heldBefore));
        assertEquals(count, settledCount(count));
        assertFalse(namespace.nft("list", "ruleset").contains("bridge"));
        assertFalse(namespace.nft("list", "ruleset").contains("filling"));
    }

    @Test
    void apply_refused_changesNothing() throws Exception {
        try (Action action = open()) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));
            namespace.nft(
                    "flush ruleset; add table inet postbane; add set inet postbane banned4 { type ipv4_addr; flags timeout; }");

            assertThrows(
                    ActionException.class,
                    () -> action.apply(List.of(impose("192.0.2.5", HOUR), impose("2001:db8::5", HOUR))));
        }

        assertEquals(Map.of(), held());
    }

    @Test
    void everySetting_isInTheKernel() throws Exception {
        NftSettings settings = new NftSettings(
                "other",
                "postbane",
                Hook.INPUT,
                "filter - 10",
                List.of(26),
                List.of("eth7"),
                NftVerdict.parse("reject"));
        try (Action action = open(settings)) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("2001:db8::/64", HOUR)));
        }

        String table = namespace.nft("-n", "list", "table", "inet", "postbane");

        assertTrue(table.contains("hook input priority -10"), table);
        assertTrue(table.contains("tcp dport 26 ") || table.contains("tcp dport { 26 }"), table);
        assertTrue(table.contains("reject with tcp reset"), table);
        assertTrue(table.contains("iifname { \"eth7\" }") || table.contains("iifname \"eth7\""), table);
    }

    @Test
    void everyVerdict_forPortsAndForAll_isTakenByTheKernel() throws Exception {
        for (String verdict :
                List.of("drop", "reject", "reject tcp-reset", "reject no-route", "limit 10/minute", "redirect 2525")) {
            for (List<Integer> ports : List.of(List.of(25, 26), List.<Integer>of())) {
                NftVerdict parsed = NftVerdict.parse(verdict);
                if (parsed.needsPorts() && ports.isEmpty()) {
                    continue;
                }
                try (Action action = open(new NftSettings(
                        "x", "postbane", Hook.PREROUTING, "raw", ports, List.of("lo", "eth0"), parsed))) {
                    action.reconcile(
                            List.of(ban("192.0.2.1", HOUR), ban("2001:db8::/64", HOUR), ban("198.51.100.0/24", HOUR)));
                    action.apply(List.of(impose("2001:db8::1", HOUR), impose("203.0.113.0/25", HOUR)));
                    assertTrue(action.isIntact());
                }
            }
        }
    }

    @Test
    void counts_ofTheDropped_surviveAReconcile() throws Exception {
        addresses();
        List<Ban> bans = List.of(ban("192.0.2.1", HOUR), ban("2001:db8:1::/64", HOUR));
        try (ServerSocket smtp = new ServerSocket(25);
                Action action = open(with("drop", List.of()))) {
            action.reconcile(bans);
            assertEquals(Optional.of(Action.Counts.NONE), action.counts());
            assertDropped("192.0.2.1", "203.0.113.1");
            Action.Counts first = action.counts().orElseThrow();
            assertTrue(first.packets() >= 1 && first.bytes() >= 40 * first.packets(), first.toString());

            action.reconcile(bans);
            assertTrue(action.counts().orElseThrow().packets() >= first.packets());
            assertDropped("2001:db8:1::7", "2001:db8:9::1");

            assertTrue(action.counts().orElseThrow().packets() > first.packets());
            destroy();
            assertTrue(action.counts().isPresent(), "what the kernel has forgotten is no fault");
            assertEquals(25, smtp.getLocalPort());
        }
    }

    @Test
    void interfaces_banned_isKeptOutOnThoseOnly() throws Exception {
        addresses();
        try (ServerSocket smtp = new ServerSocket(25)) {
            try (Action action = open(with("drop", List.of("lo")))) {
                action.reconcile(List.of(ban("192.0.2.1", HOUR)));
                assertDropped("192.0.2.1", "203.0.113.1");
            }
            try (Action action = open(with("drop", List.of("eth0")))) {
                action.reconcile(List.of(ban("192.0.2.1", HOUR)));
                assertDoesNotThrow(() -> connect("192.0.2.1", "203.0.113.1", smtp.getLocalPort()));
            }
        }
    }

    @Test
    void reject_banned_isToldAtOnce() throws Exception {
        Map<String, String> said = Map.of(
                "reject", "Connection refused",
                "reject tcp-reset", "Connection refused",
                "reject port-unreachable", "Connection refused",
                "reject host-unreachable", "No route to host");
        String peer = plugPeer();
        try (ServerSocket smtp = speaker(25, "MAIL")) {
            for (Map.Entry<String, String> verdict : said.entrySet()) {
                try (Action action = open(with(verdict.getKey(), List.of()))) {
                    action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("2001:db8:1::/64", HOUR)));
                    for (String server : SERVERS) {
                        String heard = heard(peer, server, smtp.getLocalPort());
                        assertTrue(heard.contains(verdict.getValue()), verdict + ": " + heard);
                    }

                    action.reconcile(List.of(ban("192.0.2.0/24", HOUR)));
                    String heard = heard(peer, SERVERS.get(0), smtp.getLocalPort());
                    assertTrue(heard.contains(verdict.getValue()), verdict + ": " + heard);
                    assertEquals("MAIL", heard(peer, SERVERS.get(1), smtp.getLocalPort()));
                }
            }
        } finally {
            namespace.ip("netns", "delete", peer);
        }
    }

    @Test
    void limit_banned_getsThroughUpToTheRate() throws Exception {
        String peer = plugPeer();
        try (ServerSocket smtp = speaker(25, "MAIL");
                Action action = open(with("limit 1/hour", List.of("lan")))) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("2001:db8:1::/64", HOUR)));
            for (String server : SERVERS) {
                for (int i = 0; i < 5; i++) {
                    assertEquals("MAIL", heard(peer, server, smtp.getLocalPort()), server + " " + i);
                }
                assertEquals("", heard(peer, server, smtp.getLocalPort()), server);
            }
            assertTrue(action.isIntact(), "rates are no drift");

            action.apply(List.of(lift("192.0.2.1")));
            assertEquals("MAIL", heard(peer, SERVERS.get(0), smtp.getLocalPort()));
        } finally {
            namespace.ip("netns", "delete", peer);
        }
    }

    @Test
    void redirect_banned_endsAtTheTarpit() throws Exception {
        String peer = plugPeer();
        try (ServerSocket smtp = speaker(25, "MAIL");
                ServerSocket tarpit = speaker(2525, "TRAP");
                Action action = open(with("redirect " + tarpit.getLocalPort(), List.of()))) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("2001:db8:1::/64", HOUR)));
            for (String server : SERVERS) {
                assertEquals("TRAP", heard(peer, server, smtp.getLocalPort()));
            }

            action.apply(List.of(lift("192.0.2.1"), lift("2001:db8:1::/64")));
            for (String server : SERVERS) {
                assertEquals("MAIL", heard(peer, server, smtp.getLocalPort()));
            }
        } finally {
            namespace.ip("netns", "delete", peer);
        }
    }

    /**
     * Another namespace, with the clients 192.0.2.1 and 2001:db8:1::1 at the end of a cable: on the loopback interface nothing is
     * redirected, and ICMPv6 does not come back.
     */
    private String plugPeer() throws IOException {
        Files.writeString(Path.of("/proc/sys/net/ipv4/icmp_ratelimit"), "0"); // of this namespace only
        Files.writeString(Path.of("/proc/sys/net/ipv6/icmp/ratelimit"), "0");
        String peer = namespace.name() + "-c";
        namespace.ip("netns", "add", peer);
        namespace.ip("link", "add", "lan", "type", "veth", "peer", "name", "lan", "netns", peer);
        namespace.ip("address", "add", SERVERS.get(0) + "/24", "dev", "lan");
        namespace.ip("address", "add", SERVERS.get(1) + "/64", "dev", "lan", "nodad");
        namespace.ip("link", "set", "lan", "up");
        namespace.ip("-n", peer, "address", "add", "192.0.2.1/24", "dev", "lan");
        namespace.ip("-n", peer, "address", "add", "2001:db8:1::1/64", "dev", "lan", "nodad");
        namespace.ip("-n", peer, "link", "set", "lan", "up");
        return peer;
    }

    /** The word that a {@link #speaker} says, or why it cannot be heard; nothing if there is no answer at all. */
    private String heard(String from, String to, int port) {
        String read = "timeout 2 bash -c 'exec 3<>/dev/tcp/%s/%d && head -c 4 <&3' 2>&1 || true".formatted(to, port);
        return namespace.ip("netns", "exec", from, "bash", "-c", read);
    }

    /** Says one word to everybody, until it is closed. */
    private static ServerSocket speaker(int port, String word) throws IOException {
        ServerSocket socket = new ServerSocket(port);
        Thread thread = new Thread(() -> {
            while (!socket.isClosed()) {
                try (Socket client = socket.accept()) {
                    client.getOutputStream().write(word.getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                    // closed, or the client did not wait
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return socket;
    }

    private static NftSettings with(String verdict, List<String> interfaces) {
        return new NftSettings(
                "nftables", "postbane", Hook.PREROUTING, "raw", List.of(25), interfaces, NftVerdict.parse(verdict));
    }

    @Test
    void foreignTables_thatAcceptOrAreFlushed_changeNothing() throws Exception {
        addresses();
        String foreign =
                "table inet firewalld { chain filter_INPUT { type filter hook input priority 10; policy accept;"
                        + " tcp dport 25 accept; }; chain pre { type filter hook prerouting priority -310; accept; }; };"
                        + " table ip nat { chain DOCKER { type nat hook prerouting priority -100;"
                        + " tcp dport 25 redirect to :25; }; }";
        try (ServerSocket smtp = new ServerSocket(25);
                Action action = open()) {
            namespace.nft(foreign);
            action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("2001:db8:1::/64", HOUR)));
            assertDropped("192.0.2.1", "203.0.113.1");
            assertDropped("2001:db8:1::7", "2001:db8:9::1");
            assertDoesNotThrow(() -> connect("192.0.2.2", "203.0.113.1", smtp.getLocalPort()));

            namespace.nft("flush table inet firewalld; delete table inet firewalld; flush table ip nat; " + foreign);
            assertTrue(action.isIntact());
            assertDropped("192.0.2.1", "203.0.113.1");

            action.reconcile(List.of());
            assertTrue(namespace.nft("list", "ruleset").contains("chain DOCKER"));
            assertDoesNotThrow(() -> connect("192.0.2.1", "203.0.113.1", smtp.getLocalPort()));
        }
    }

    /** Addresses of clients and servers on the loopback interface. */
    private void addresses() {
        namespace.ip("link", "set", "lo", "up");
        for (String address :
                List.of("192.0.2.1/32", "192.0.2.2/32", "198.51.100.7/32", "198.51.101.7/32", "203.0.113.1/32")) {
            namespace.ip("address", "add", address, "dev", "lo");
        }
        for (String address : List.of("2001:db8:1::7/128", "2001:db8:2::7/128", "2001:db8:9::1/128")) {
            namespace.ip("address", "add", address, "dev", "lo", "nodad");
        }
    }

    @Test
    void banned_knocksAtAMailPort_isNotAnswered() throws Exception {
        addresses();
        try (Action action = open();
                ServerSocket smtp = new ServerSocket(25);
                ServerSocket web = new ServerSocket(80)) {
            action.reconcile(
                    List.of(ban("192.0.2.1", HOUR), ban("198.51.100.0/24", HOUR), ban("2001:db8:1::/64", HOUR)));

            assertDropped("192.0.2.1", "203.0.113.1");
            assertDropped("198.51.100.7", "203.0.113.1");
            assertDropped("2001:db8:1::7", "2001:db8:9::1");
            assertDoesNotThrow(() -> connect("192.0.2.1", "203.0.113.1", web.getLocalPort()));
            assertDoesNotThrow(() -> connect("192.0.2.2", "203.0.113.1", smtp.getLocalPort()));
            assertDoesNotThrow(() -> connect("198.51.101.7", "203.0.113.1", smtp.getLocalPort()));
            assertDoesNotThrow(() -> connect("2001:db8:2::7", "2001:db8:9::1", smtp.getLocalPort()));
        }
    }

    @Test
    void isIntact_othersTouchTheTable_saysSo() throws Exception {
        List<Ban> bans = List.of(ban("192.0.2.1", HOUR), ban("2001:db8:1::/64", HOUR));
        List<String> tampering = List.of(
                "flush ruleset",
                "delete table inet postbane",
                "flush chain inet postbane banned4",
                "flush chain inet postbane nets6_64; delete set inet postbane nets6_64",
                "delete element inet postbane banned4 { 192.0.2.1 }",
                "add element inet postbane banned4 { 198.51.100.1 }",
                "flush set inet postbane nets6_64",
                "insert rule inet postbane banned6 accept");
        try (Action action = open()) {
            for (String command : tampering) {
                action.reconcile(bans);
                assertTrue(action.isIntact(), "before " + command);

                namespace.nft(command);

                assertFalse(action.isIntact(), command);
                assertTrue(action.isIntact(), "told once: " + command);
            }
        }
    }

    @Test
    void isIntact_othersMindTheirOwnBusiness_isTrue() throws Exception {
        try (Action action = open()) {
            action.reconcile(List.of(ban("192.0.2.1", Duration.ofSeconds(1)), ban("192.0.2.2", HOUR)));
            namespace.nft("add table inet filter; add chain inet filter banned4 { type filter hook input priority 0; };"
                    + " add table ip postbane; add rule inet filter banned4 counter accept");
            action.apply(List.of(impose("192.0.2.3", HOUR), impose("2001:db8:1::/64", HOUR), lift("192.0.2.2")));
            namespace.nft("flush table inet filter; delete table ip postbane");
            Thread.sleep(1200); // a ban ends

            assertTrue(action.isIntact());
        }
    }

    @Test
    void flushRuleset_runnerWithNothingElseToDo_healsWithinSecondsAndCounts() throws Exception {
        try (ActionRunner runner = ActionRunner.start(open())) {
            runner.restore(List.of(ban("192.0.2.1", HOUR), ban("198.51.100.0/24", HOUR)));
            runner.allRestored();
            assertTrue(runner.awaitIdle(Duration.ofSeconds(20)));

            namespace.nft("flush", "ruleset");

            for (int i = 0; i < 100 && runner.status().reconciles() < 2; i++) {
                Thread.sleep(100);
            }
            assertEquals(Set.of("192.0.2.1", "198.51.100.0/24"), held().keySet());
            assertEquals(1, runner.status().drifts());
            assertEquals(0, runner.status().failures());
        }
    }

    private static void assertDropped(String from, String to) {
        assertThrows(SocketTimeoutException.class, () -> connect(from, to, 25), from);
    }

    private static void connect(String from, String to, int port) throws IOException {
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
            socket.connect(new InetSocketAddress(InetAddress.getByName(to), port), 300);
        }
    }
}
