package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.impose;
import static org.postbane.act.Bans.lift;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postbane.act.ReportSettings.Form;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.testing.Needs;

/** {@link ReportAction} with a sendmail that keeps its mails, and a web server that keeps its calls. */
@Timeout(60)
class ReportActionTest {

    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    Path dir;

    private Instant now = Instant.now();

    private Path sendmail() throws IOException {
        Path program = dir.resolve("sendmail");
        Files.writeString(program, """
                #!/bin/sh
                [ -e %1$s/broken ] && { echo "queue file write error" >&2; exit 75; }
                n=$(ls %1$s | grep -c '^mail\\.')
                echo "$@" >%1$s/arguments.$n
                cat >%1$s/mail.$n
                """.formatted(dir));
        program.toFile().setExecutable(true);
        return program;
    }

    private List<String> mails() throws IOException {
        List<String> mails = new ArrayList<>();
        for (int i = 0; Files.exists(dir.resolve("mail." + i)); i++) {
            mails.add(Files.readString(dir.resolve("mail." + i)));
        }
        return mails;
    }

    private ReportAction digest(boolean redact) throws IOException {
        return new ReportAction(
                new ReportSettings(
                        "mail", new ReportSettings.Digest(sendmail(), "postbane@example.org", "root"), HOUR, redact),
                () -> now);
    }

    private static Decision because(String subject, String reason) {
        Instant from = Instant.now();
        return new Decision.Impose(new Ban(Bans.subject(subject), "spam", from, from.plus(HOUR), reason));
    }

    @Test
    void digest_ofManyChanges_isOneMailInAnHour() throws Exception {
        try (Action action = digest(true)) {
            action.reconcile(List.of(Bans.ban("192.0.2.9", HOUR)));
            action.apply(List.of(impose("192.0.2.1", HOUR)));
            assertEquals(1, mails().size());
            action.apply(List.of(impose("192.0.2.2", HOUR), lift("192.0.2.9")));
            action.apply(List.of(impose("192.0.2.2", HOUR.plusMinutes(1)), impose("198.51.100.0/24", HOUR)));
            assertTrue(action.isIntact());
            assertEquals(1, mails().size());

            now = now.plus(HOUR);
            assertTrue(action.isIntact());
            assertTrue(action.isIntact());

            assertEquals(2, mails().size());
            String second = mails().get(1);
            assertTrue(second.contains("Subject: Postbane: 2 new bans, 1 ended\n"), second);
            assertTrue(second.contains("ban    192.0.2.2 [spam] until "), second);
            assertTrue(second.contains("unban  192.0.2.9 [spam]"), second);
            assertFalse(second.contains("192.0.2.1 "), second);
            assertEquals("-i -f postbane@example.org -- root\n", Files.readString(dir.resolve("arguments.1")));
        }
    }

    @Test
    void digest_isRedacted_unlessToldOtherwise() throws Exception {
        List<Decision> changes = List.of(
                because("account:bob@example.org", "9 victims, <alice@example.net> first"),
                because("account:carol", "\u00e4\n.\nX: 1"));
        try (Action action = digest(true)) {
            action.reconcile(List.of());
            action.apply(changes);
        }
        try (Action action = digest(false)) {
            action.reconcile(List.of());
            action.apply(changes);
        }

        String redacted = mails().get(0);
        assertFalse(redacted.contains("bob") || redacted.contains("alice") || redacted.contains("carol"), redacted);
        assertTrue(redacted.contains("account:b***@example.org") && redacted.contains("<***@example.net>"), redacted);
        assertTrue(redacted.contains(": ??.?X: 1\n"), redacted);
        assertTrue(
                mails().get(1).contains("account:bob@example.org")
                        && mails().get(1).contains("alice"),
                redacted);
    }

    @Test
    void digest_thatCouldNotBeSent_isSentLaterAndOnce() throws Exception {
        try (Action action = digest(true)) {
            action.reconcile(List.of());
            Files.createFile(dir.resolve("broken"));
            List<Ban> bans = List.of(Bans.ban("192.0.2.1", HOUR));
            ActionException failure =
                    assertThrows(ActionException.class, () -> action.apply(List.of(new Decision.Impose(bans.get(0)))));
            assertTrue(String.valueOf(failure.getMessage()).startsWith("mail: "), failure.getMessage());
            assertTrue(String.valueOf(failure.getMessage()).contains("queue file write error"), failure.getMessage());
            assertThrows(ActionException.class, () -> action.reconcile(bans));
            Files.delete(dir.resolve("broken"));

            action.reconcile(bans);
            now = now.plus(HOUR);
            action.reconcile(bans);

            assertEquals(1, mails().size());
        }
    }

    @Test
    void digest_thatWaitsForItsTime_isSentWhenTheAgentStops() throws Exception {
        try (Action action = digest(true)) {
            action.reconcile(List.of());
            action.apply(List.of(impose("192.0.2.1", HOUR)));
            action.apply(List.of(impose("192.0.2.2", HOUR)));
        }

        assertEquals(2, mails().size());
        assertTrue(mails().get(1).contains("ban    192.0.2.2 [spam] until "), mails().get(1));
    }

    /** Python's own parser takes the mails apart. */
    @ParameterizedTest
    @EnumSource
    void abuseReport_ofEachForm_isWellFormed(Form form) throws Exception {
        Needs.program("python3", "python3");
        var way = new ReportSettings.Abuse(
                sendmail(), "abuse@example.org", "desk@example.net", form, 2, "Example \"Mail\"");
        try (Action action = new ReportAction(new ReportSettings("abuse", way, HOUR, true), () -> now)) {
            action.reconcile(List.of());
            action.apply(List.of(
                    because("192.0.2.1", "9 victims, \u00e4 <alice@example.net>"),
                    because("2001:db8::/64", "9 victims"),
                    because("198.51.100.7", "1 victim"),
                    because("account:bob", "9 victims")));
            assertEquals(2, mails().size()); // that many in one go
            now = now.plus(HOUR);
            assertTrue(action.isIntact());
            assertEquals(3, mails().size());
        }

        Process python = new ProcessBuilder("/usr/bin/python3", "-c", """
                import email, email.policy, json, sys
                for n in range(3):
                    m = email.message_from_binary_file(open(sys.argv[1] + '/mail.%d' % n, 'rb'), policy=email.policy.default)
                    parts = list(m.iter_parts())
                    print(m.get_content_type(), m.get_param('report-type'), [p.get_content_type() for p in parts], [d for p in m.walk() for d in p.defects])
                    if parts[1].get_content_type() == 'application/json':
                        x = json.loads(parts[1].get_content())
                        print(x['xarf_version'], x['source_identifier'], x['category'], x['type'], x['threat_type'], x['reporter'], x['description'])
                    else:
                        r = parts[1].get_payload()[0]
                        print(r['Feedback-Type'], r['Version'], r['Source-IP'])
                """, dir.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        String all = form == Form.ARF
                ? "multipart/report feedback-report ['text/plain', 'message/feedback-report', 'text/rfc822-headers'] []\n"
                : "multipart/mixed None ['text/plain', 'application/json'] []\n";
        String reporter = "{'org': 'Example \"Mail\"', 'contact': 'abuse@example.org', 'domain': 'example.org'}";
        assertEquals(
                form == Form.ARF
                        ? all + "abuse 1 192.0.2.1\n" + all + "abuse 1 None\n" + all + "abuse 1 198.51.100.7\n"
                        : all + "4.0.0 192.0.2.1 reputation blocklist spam " + reporter
                                + " 9 victims, \u00e4 <***@example.net>\n" + all
                                + "4.0.0 2001:db8::/64 reputation blocklist spam " + reporter + " 9 victims\n" + all
                                + "4.0.0 198.51.100.7 reputation blocklist spam " + reporter + " 1 victim\n",
                said);
    }

    @Test
    void webhook_isSigned_andCalledAgainAfterAFailure() throws Exception {
        List<String> bodies = new ArrayList<>();
        List<String> signatures = new ArrayList<>();
        int[] status = {500};
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/hook/key", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            bodies.add(body);
            String stamp = exchange.getRequestHeaders().getFirst("X-Postbane-Timestamp");
            signatures.add(exchange.getRequestHeaders().getFirst("X-Postbane-Signature"));
            assertEquals("sha256=" + WebhookPost.hmac("secret", stamp + "." + body), signatures.get(0));
            exchange.sendResponseHeaders(status[0], -1);
            exchange.close();
        });
        server.start();
        try {
            URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/hook/key");
            var way = new ReportSettings.Webhook(url, "secret", Optional.empty());
            try (Action action =
                    new ReportAction(new ReportSettings("webhook", way, Duration.ofSeconds(10), true), () -> now)) {
                action.reconcile(List.of());
                Decision ban = because("account:bob@example.org", "\"9\" victims\\");
                ActionException failure = assertThrows(ActionException.class, () -> action.apply(List.of(ban)));
                assertTrue(String.valueOf(failure.getMessage()).endsWith(" answered 500"), failure.getMessage());
                assertFalse(String.valueOf(failure.getMessage()).contains("key"), failure.getMessage());
                status[0] = 204;
                action.reconcile(List.of(ban.ban()));
                action.reconcile(List.of(ban.ban()));

                assertEquals(2, bodies.size());
                assertEquals(bodies.get(0), bodies.get(1));
                assertTrue(bodies.get(0).contains("\"event\": \"ban\""), bodies.get(0));
                assertTrue(bodies.get(0).contains("\"subject\": \"account:b***@example.org\""), bodies.get(0));
                assertTrue(bodies.get(0).contains("\"reason\": \"\\\"9\\\" victims\\\\\""), bodies.get(0));
            }
        } finally {
            server.stop(0);
        }
    }

    /** RFC 4231, test case 2. */
    @Test
    void hmac_isThatOfTheStandard() {
        assertEquals(
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                WebhookPost.hmac("Jefe", "what do ya want for nothing?"));
    }
}
