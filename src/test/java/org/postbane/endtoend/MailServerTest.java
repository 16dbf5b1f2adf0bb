package org.postbane.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postbane.endtoend.MailServer.LogFormat;

/** That the server which other tests rely on does what it says. */
@Timeout(120)
class MailServerTest {

    private static final Duration LIMIT = Duration.ofSeconds(40);

    @TempDir
    Path dir;

    @ParameterizedTest
    @EnumSource
    void mailLog_spamAndHam_namesEachClientAsItWas(LogFormat format) throws Exception {
        MailServer.needed();
        List<String> spammers =
                List.of("192.0.2.1", "192.0.2.2", "198.51.100.77", "203.0.113.254", "2001:db8::1", "2001:db8:beef::25");
        List<String> honest = List.of("198.51.100.5", "2001:db8:5::5");

        String spam;
        String ham;
        String namespace;
        try (MailServer server = MailServer.start(dir, format)) {
            namespace = server.clientCommand("true").get(3);
            for (String client : spammers) {
                server.send(client, "spammer@example.net", List.of("alice@example.org", "u1@example.com"), true);
            }
            for (String client : honest) {
                server.send(client, "friend@example.net", List.of("bob@example.org"), false);
            }
            spam = clients(server.awaitLogLines("amavis\\[\\d+\\]: \\([-0-9]+\\) Blocked SPAM ", 6, LIMIT));
            ham = clients(server.awaitLogLines("amavis\\[\\d+\\]: \\([-0-9]+\\) Passed CLEAN ", 2, LIMIT));
            server.awaitLogLines("postfix/virtual\\[\\d+\\]: .* status=sent \\(delivered to maildir\\)", 2, LIMIT);

            String time = format == LogFormat.RFC3339
                    ? "^\\d{4}-\\d\\d-\\d\\dT[0-9:.]+[+-]\\d\\d:\\d\\d mx "
                    : "^[A-Z][a-z]{2} [ 0-9]\\d \\d\\d:\\d\\d:\\d\\d mx ";
            assertEquals(server.logLines(""), server.logLines(time));
            for (String client : spammers) {
                assertEquals(
                        1,
                        server.logLines("smtpd.*: client=unknown\\[" + Pattern.quote(client) + "\\]$")
                                .size());
            }
        }

        assertEquals(new TreeSet<>(spammers).toString(), spam);
        assertEquals(new TreeSet<>(honest).toString(), ham);
        assertNothingIsLeft(namespace);
    }

    @Test
    void unknownRecipient_isRefused() throws Exception {
        MailServer.needed();
        try (MailServer server = MailServer.start(dir, LogFormat.TRADITIONAL)) {
            int status = server.swaks("192.0.2.25", "--from", "x@example.net", "--to", "nobody@example.org");

            assertEquals(24, status, server.lastDialogue());
            server.awaitLogLines("NOQUEUE: reject: RCPT from relay.example.net\\[192.0.2.25\\]: 550 ", 1, LIMIT);
            assertEquals(
                    "mx.example.org", outputOf(server.serverCommand("hostname")).strip());
        }
    }

    /** The first address of each line that is in brackets, sorted. */
    private static String clients(List<String> verdicts) {
        Pattern client = Pattern.compile("\\}, \\[([0-9a-f.:]+)\\]:\\d+ ");
        return verdicts.stream()
                .map(line -> {
                    Matcher matcher = client.matcher(line);
                    assertTrue(matcher.find(), line);
                    return matcher.group(1);
                })
                .collect(Collectors.toCollection(TreeSet::new))
                .toString();
    }

    private void assertNothingIsLeft(String namespace) throws IOException, InterruptedException {
        List<String> ours = ProcessHandle.allProcesses()
                .flatMap(process -> process.info().commandLine().stream())
                .filter(command -> command.contains(dir.toString()))
                .toList();
        assertEquals(List.of(), ours);
        assertFalse(outputOf(List.of("cat", "/proc/self/mounts")).contains(dir.toString()));
        assertFalse(outputOf(List.of("ip", "netns", "list")).contains(namespace));
    }

    private static String outputOf(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return output;
    }
}
