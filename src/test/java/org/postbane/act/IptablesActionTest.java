package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.ban;
import static org.postbane.act.Bans.impose;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.postbane.act.NftSettings.Hook;
import org.postbane.act.NftSettings.Verdict;
import org.postbane.host.Command;
import org.postbane.testing.Needs;
import org.postbane.testing.NetNamespace;

/** {@link IptablesAction} and {@link IpsetAction} on the kernel, in a network namespace. */
class IptablesActionTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** What both promise. */
    abstract static class InNamespace extends ActionContract {

        final NetNamespace namespace = enter();

        /** What is missing is found before the thread has left its own namespace. */
        private NetNamespace enter() {
            Needs.root("a network namespace");
            Needs.program("iptables", "iptables");
            Needs.program("ipset", "ipset");
            return opened.add(new NetNamespace());
        }

        abstract Action open(IptablesSettings settings);

        @Override
        final Action open() {
            return open(IptablesSettings.defaults("firewall"));
        }

        static String run(String... command) throws Exception {
            Command.Result result = Command.run(List.of(command), new byte[0], PATIENCE);
            assertEquals(0, result.status(), result.err());
            return result.out();
        }

        @Test
        void banned_knocksAtAMailPort_isNotAnswered() throws Exception {
            namespace.ip("link", "set", "lo", "up");
            for (String address : List.of("192.0.2.1/32", "192.0.2.2/32", "198.51.100.7/32", "203.0.113.1/32")) {
                namespace.ip("address", "add", address, "dev", "lo");
            }
            for (String address : List.of("2001:db8:1::7/128", "2001:db8:2::7/128", "2001:db8:9::1/128")) {
                namespace.ip("address", "add", address, "dev", "lo", "nodad");
            }
            try (ServerSocket smtp = new ServerSocket(25);
                    ServerSocket web = new ServerSocket(80);
                    Action action = open()) {
                action.reconcile(
                        List.of(ban("192.0.2.1", HOUR), ban("198.51.100.0/24", HOUR), ban("2001:db8:1::/64", HOUR)));

                assertThrows(SocketTimeoutException.class, () -> connect("192.0.2.1", "203.0.113.1", smtp));
                assertThrows(SocketTimeoutException.class, () -> connect("198.51.100.7", "203.0.113.1", smtp));
                assertThrows(SocketTimeoutException.class, () -> connect("2001:db8:1::7", "2001:db8:9::1", smtp));
                assertDoesNotThrow(() -> connect("192.0.2.1", "203.0.113.1", web));
                assertDoesNotThrow(() -> connect("192.0.2.2", "203.0.113.1", smtp));
                assertDoesNotThrow(() -> connect("2001:db8:2::7", "2001:db8:9::1", smtp));
            }
            try (ServerSocket smtp = new ServerSocket(25);
                    Action action =
                            open(new IptablesSettings("other", "other", Hook.INPUT, List.of(25), Verdict.REJECT))) {
                run(Command.find("iptables"), "-t", "raw", "-F");
                run(Command.find("ip6tables"), "-t", "raw", "-F");
                action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("2001:db8:1::/64", HOUR)));

                assertThrows(ConnectException.class, () -> connect("192.0.2.1", "203.0.113.1", smtp));
                assertThrows(ConnectException.class, () -> connect("2001:db8:1::7", "2001:db8:9::1", smtp));
            }
        }

        private static void connect(String from, String to, ServerSocket port) throws Exception {
            try (Socket socket = new Socket()) {
                socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
                socket.connect(new InetSocketAddress(InetAddress.getByName(to), port.getLocalPort()), 300);
            }
        }

        @Test
        void jumpDeletedByHand_isSeenAndMended() throws Exception {
            try (Action action = open()) {
                action.reconcile(List.of(ban("192.0.2.1", HOUR)));
                run(Command.find("iptables"), "-t", "raw", "-F", "PREROUTING");

                assertTrue(!action.isIntact());
                action.reconcile(List.of(ban("192.0.2.1", HOUR)));

                assertTrue(action.isIntact());
            }
        }

        @Test
        void rulesOfOthers_areLeftAlone() throws Exception {
            run(Command.find("iptables"), "-t", "raw", "-A", "PREROUTING", "-s", "10.9.9.9", "-j", "DROP");
            try (Action action = open()) {
                action.reconcile(List.of(ban("192.0.2.1", HOUR)));
                action.apply(List.of(impose("192.0.2.2", HOUR)));
            }

            assertTrue(run(Command.find("iptables"), "-t", "raw", "-S").contains("-s 10.9.9.9/32 -j DROP"));
        }
    }

    @Nested
    class Iptables extends InNamespace {

        private static final Pattern SOURCE = Pattern.compile(" -s (\\S+) ");

        @Override
        Action open(IptablesSettings settings) {
            return new IptablesAction(settings, InstantSource.system());
        }

        @Override
        boolean knowsEnds() {
            return false;
        }

        @Override
        Map<String, Duration> held() throws Exception {
            Map<String, Duration> held = new HashMap<>();
            for (String program : List.of("iptables", "ip6tables")) {
                Matcher source = SOURCE.matcher(run(Command.find(program), "-t", "raw", "-S", "postbane"));
                while (source.find()) {
                    held.put(source.group(1).replaceFirst(program.equals("iptables") ? "/32$" : "/128$", ""), FOR_EVER);
                }
            }
            return held;
        }

        @Override
        void destroy() throws Exception {
            for (String program : List.of("iptables", "ip6tables")) {
                run(Command.find(program), "-t", "raw", "-F");
                run(Command.find(program), "-t", "raw", "-X");
            }
        }
    }

    @Nested
    class Ipset extends InNamespace {

        private static final Pattern ELEMENT = Pattern.compile("(?m)^([0-9a-f.:/]+) timeout ([0-9]+)$");

        @Override
        Action open(IptablesSettings settings) {
            return new IpsetAction(new IpsetSettings("postbane", 100_000, settings), InstantSource.system());
        }

        @Override
        Duration longest() {
            return IpsetAction.LONGEST;
        }

        @Override
        Map<String, Duration> held() throws Exception {
            Map<String, Duration> held = new HashMap<>();
            Matcher element = ELEMENT.matcher(run(Command.find("ipset"), "list"));
            while (element.find()) {
                long left = Long.parseLong(element.group(2));
                held.put(element.group(1), left == 0 ? FOR_EVER : Duration.ofSeconds(left));
            }
            return held;
        }

        @Override
        void destroy() throws Exception {
            for (String program : List.of("iptables", "ip6tables")) {
                run(Command.find(program), "-t", "raw", "-F");
                run(Command.find(program), "-t", "raw", "-X");
            }
            run(Command.find("ipset"), "destroy");
        }

        @Test
        void elementsDeletedByHand_areSeenAndPutBack() throws Exception {
            try (Action action = open()) {
                action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("2001:db8:1::/64", HOUR)));
                run(Command.find("ipset"), "flush", "postbanen6");

                assertTrue(!action.isIntact());
                action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("2001:db8:1::/64", HOUR)));

                assertEquals(2, held().size());
            }
        }

        @Test
        void reconcile_overWhatAKilledOneLeft_works() throws Exception {
            run(Command.find("ipset"), "create", "postbane4_new", "hash:ip", "timeout", "0");
            try (Action action = open()) {
                action.reconcile(List.of(ban("192.0.2.1", HOUR)));
            }

            assertEquals(1, held().size());
        }
    }
}
