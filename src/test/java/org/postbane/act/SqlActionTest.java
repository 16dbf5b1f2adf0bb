package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.ban;
import static org.postbane.act.Bans.impose;
import static org.postbane.act.Bans.lift;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postbane.testing.Needs;
import org.postbane.testing.NetNamespace;
import org.postbane.testing.RealDatabase;
import org.postbane.testing.RealDatabase.Product;
import org.postbane.testing.RealPostfix;

/** {@link SqlAction} with each database that it is for. */
@Timeout(120)
class SqlActionTest {

    private static final Duration HOUR = Duration.ofHours(1);

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class OnProduct extends ActionContract {

        RealDatabase database;

        abstract Product product();

        @BeforeAll
        void startServer() throws Exception {
            RealDatabase.needed(product());
            database = RealDatabase.start(product(), 33061);
        }

        @AfterAll
        void stopServer() throws Exception {
            if (database != null) {
                database.close();
            }
        }

        @Override
        @BeforeEach
        void start() throws Exception {
            super.start();
        }

        @AfterEach
        void dropTable() throws Exception {
            database.sql("DROP TABLE IF EXISTS bans");
        }

        @Override
        Action open() {
            return open("mx1");
        }

        private Action open(String agent) {
            return new SqlAction(new SqlSettings("sql", database.settings(), "bans", agent), InstantSource.system());
        }

        /** As a query of Postfix's sees it. */
        @Override
        Map<String, Duration> held() throws Exception {
            Map<String, Duration> held = new HashMap<>();
            long now = Instant.now().getEpochSecond();
            for (String row :
                    database.sql("SELECT subject, until_at FROM bans WHERE agent = 'mx1' AND until_at > " + now)) {
                int bar = row.indexOf('|');
                long until = Long.parseLong(row.substring(bar + 1));
                held.put(
                        row.substring(0, bar),
                        until == SqlAction.FOR_EVER ? FOR_EVER : Duration.ofSeconds(until - now));
            }
            return held;
        }

        @Override
        void destroy() throws Exception {
            database.sql("DROP TABLE bans");
        }

        /** A table takes them. */
        @Override
        @Test
        void accounts_arePassedOver() throws Exception {
            try (Action action = open()) {
                action.reconcile(
                        List.of(ban("account:bob", HOUR), ban("account:Bob", HOUR), ban("account:Bob ", HOUR)));
                action.apply(List.of(impose("sender:x'); DROP TABLE bans; --@example.net", HOUR), lift("account:bob")));

                assertEquals(
                        List.of("Bob |account", "Bob|account", "x'); drop table bans; --@example.net|sender"),
                        database.sql("SELECT name, kind FROM bans").stream()
                                .sorted()
                                .toList());
            }
        }

        @Test
        void networks_haveTheNamesThatPostfixAsksFor() throws Exception {
            try (Action action = open()) {
                action.reconcile(List.of(
                        ban("198.51.100.0/23", HOUR), ban("2001:db8:8000::/33", HOUR), ban("2001:db8:1:2::/64", HOUR)));

                assertEquals(
                        List.of("198.51.100", "198.51.101", "2001:db8:1:2", "2001:db8:8000::/33"),
                        database.sql("SELECT name FROM bans").stream().sorted().toList());
                assertTrue(action.isIntact());
            }
        }

        @Test
        void rows_ofAnotherAgent_areLeftAlone() throws Exception {
            try (Action one = open();
                    Action other = open("mx2")) {
                one.reconcile(List.of(ban("192.0.2.1", HOUR)));
                other.reconcile(List.of(ban("192.0.2.1", HOUR), ban("192.0.2.2", HOUR)));
                one.apply(List.of(lift("192.0.2.1"), impose("192.0.2.3", HOUR)));
                one.reconcile(List.of(ban("192.0.2.4", HOUR)));

                assertEquals(
                        List.of("192.0.2.1|mx2", "192.0.2.2|mx2", "192.0.2.4|mx1"),
                        database.sql("SELECT subject, agent FROM bans").stream()
                                .sorted()
                                .toList());
            }
        }

        @Test
        void rowTakenAwayByHand_isNoticedAndMended() throws Exception {
            try (Action action = open()) {
                List<org.postbane.decide.Ban> bans = List.of(ban("192.0.2.1", HOUR), ban("192.0.2.2", HOUR));
                action.reconcile(bans);
                database.sql("DELETE FROM bans WHERE name = '192.0.2.1'");

                assertFalse(action.isIntact());
                action.reconcile(bans);

                assertTrue(action.isIntact());
                assertTrue(action.holds(Bans.subject("192.0.2.1")).orElseThrow());
            }
        }
    }

    @Nested
    class H2 extends OnProduct {
        @Override
        Product product() {
            return Product.H2;
        }
    }

    abstract static class OnServer extends OnProduct {

        @Test
        void server_killedInABurst_holdsAllInTheEnd() throws Exception {
            try (Action action = open()) {
                action.reconcile(List.of(ban("192.0.2.1", HOUR)));
                database.kill();

                ActionException failure =
                        assertThrows(ActionException.class, () -> action.apply(List.of(impose("192.0.2.2", HOUR))));
                assertTrue(String.valueOf(failure.getMessage()).startsWith("sql: jdbc:"), failure.getMessage());
                assertThrows(ActionException.class, action::isIntact);
                database.start();
                action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("192.0.2.2", HOUR)));
                action.apply(List.of(impose("192.0.2.3", HOUR)));

                assertEquals(java.util.Set.of("192.0.2.1", "192.0.2.2", "192.0.2.3"), held().keySet());
            }
        }
    }

    /** Real connections, from addresses that are banned and those that are not; and again when the bans have ended. */
    @ParameterizedTest
    @EnumSource(names = {"MARIADB", "POSTGRESQL"})
    void mail_ofTheBanned_isRefusedByPostfixUntilTheBanEnds(Product product, @TempDir Path dir) throws Exception {
        RealDatabase.needed(product);
        RealPostfix.needed();
        boolean maria = product == Product.MARIADB;
        String type = maria ? "mysql" : "pgsql";
        Needs.installed(
                Files.exists(Path.of("/usr/lib/postfix/postfix-" + type + ".so")),
                "Postfix's map type " + type,
                "postfix-" + type);
        List<String> banned = List.of("192.0.2.1", "198.51.100.7", "203.0.113.200", "2001:db8:1::7", "2001:db8:2:3::9");
        List<String> others =
                List.of("192.0.2.2", "198.51.101.7", "203.0.113.100", "2001:db8:1:1::7", "2001:db8:2:4::9");
        List<String> bans =
                List.of("192.0.2.1", "198.51.100.0/24", "203.0.113.128/25", "2001:db8:1::/64", "2001:db8:2:3::/64");
        try (NetNamespace namespace = new NetNamespace()) {
            namespace.ip("link", "set", "lo", "up");
            for (String address :
                    Stream.concat(banned.stream(), others.stream()).toList()) {
                namespace.ip("address", "add", address + (address.contains(":") ? "/128" : "/32"), "dev", "lo");
            }
            RealPostfix.instance(
                    dir,
                    "smtpd_client_restrictions = check_client_access %s:%s/client.cf".formatted(type, dir),
                    "smtpd_sender_restrictions = check_sender_access %s:%s/sender.cf".formatted(type, dir));
            for (String kind : List.of("client", "sender")) {
                Files.writeString(dir.resolve(kind + ".cf"), """
                        hosts = 127.0.0.1:%d
                        user = %s
                        password =
                        dbname = %s
                        query = SELECT %s FROM bans WHERE name = '%%s' AND kind = '%s' AND until_at > %s LIMIT 1
                        """.formatted(
                                3306,
                                maria ? "root" : "postgres",
                                maria ? "mail" : "postgres",
                                maria
                                        ? "CONCAT('554 5.7.1 ', subject, ' is banned')"
                                        : "'554 5.7.1 ' || subject || ' is banned'",
                                kind,
                                maria ? "UNIX_TIMESTAMP()" : "EXTRACT(EPOCH FROM now())"));
            }
            try (RealDatabase database = RealDatabase.start(product, 3306);
                    Action action = new SqlAction(
                            new SqlSettings("sql", database.settings(), "bans", "mx1"), InstantSource.system())) {
                action.reconcile(List.of());
                try (RealPostfix postfix = RealPostfix.start(dir)) {
                    assertReply("250 ", postfix, "192.0.2.1", "a@example.net");
                    action.apply(Stream.concat(bans.stream(), Stream.of("sender:spam@example.net"))
                            .map(subject -> impose(subject, HOUR))
                            .toList());
                    for (String address : banned) {
                        assertReply("554 5.7.1 ", postfix, address, "a@example.net");
                    }
                    for (String address : others) {
                        assertReply("250 ", postfix, address, "a@example.net");
                    }
                    assertReply("554 5.7.1 ", postfix, "192.0.2.2", "spam@example.net");

                    action.apply(bans.stream().map(Bans::lift).toList());
                    for (String address : banned) {
                        assertReply("250 ", postfix, address, "a@example.net");
                    }
                    action.apply(List.of(impose("192.0.2.1", Duration.ofSeconds(2))));
                    assertReply("554 5.7.1 ", postfix, "192.0.2.1", "a@example.net");
                    Thread.sleep(2500); // and no lift
                    assertReply("250 ", postfix, "192.0.2.1", "a@example.net");
                }
            }
        }
    }

    private static void assertReply(String expected, RealPostfix postfix, String client, String sender)
            throws Exception {
        String reply = postfix.send(client, "", sender);
        assertTrue(reply.startsWith(expected), client + ": " + reply + " " + postfix.log());
    }

    @Nested
    class MariaDb extends OnServer {
        @Override
        Product product() {
            return Product.MARIADB;
        }
    }

    @Nested
    class PostgreSql extends OnServer {
        @Override
        Product product() {
            return Product.POSTGRESQL;
        }
    }
}
