package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.act.ReportSettings.Form;
import org.postbane.decide.Decision;

/** {@link ReportAction} when sendmail, or the server that a webhook calls, breaks. What was told is its place. */
class ReportFaultTest {

    /** Who is banned and whose ban has not ended, by all that was told; each thing must be told once. */
    private static Set<String> told(String events, Pattern event, boolean onceOnly) {
        Set<String> banned = new HashSet<>();
        Matcher each = event.matcher(events);
        while (each.find()) {
            boolean changed = each.group(1).equals("ban") ? banned.add(each.group(2)) : banned.remove(each.group(2));
            assertTrue(changed || !onceOnly, "told twice: " + each.group());
        }
        return banned;
    }

    /** By a program that keeps each mail that it gets whole. */
    abstract static class ByMail extends FaultContract {

        @TempDir
        Path dir;

        StandIn standIn;
        private boolean onceOnly;

        @BeforeEach
        void install() throws IOException {
            onceOnly = true;
            Files.createDirectory(dir.resolve("mails"));
            Path sendmail = Files.writeString(dir.resolve("sendmail"), """
                    #!/bin/sh
                    n=$(ls %1$s/mails | wc -l)
                    cat >%1$s/mail && mv %1$s/mail %1$s/mails/$(printf %%05d $n)
                    """.formatted(dir));
            assertTrue(sendmail.toFile().setExecutable(true));
            standIn = new StandIn(dir.resolve("standin"), "*", "head -c 100 >/dev/null");
            standIn.standsFor(sendmail);
        }

        abstract ReportSettings.Way way();

        abstract Pattern event();

        @Override
        final List<Fault> faults() {
            List<Fault> faults = new ArrayList<>(ofProgram(() -> standIn));
            // who queues a mail and cannot say so gets it twice
            faults.replaceAll(fault -> fault.name().equals(StandIn.Mood.KILLED_WHEN_DONE.name())
                    ? new Fault(
                            fault.name(),
                            () -> {
                                onceOnly = false;
                                fault.breaks().take();
                            },
                            fault.mends())
                    : fault);
            return faults;
        }

        @Override
        final Action open() {
            return new ReportAction(
                    new ReportSettings("mail", way(), Duration.ofMillis(1), true),
                    InstantSource.system(),
                    StandIn.PATIENCE);
        }

        @Override
        Set<String> held() throws IOException {
            return told(mails(), event(), onceOnly);
        }

        final String mails() throws IOException {
            StringBuilder mails = new StringBuilder();
            try (Stream<Path> files = Files.list(dir.resolve("mails"))) {
                for (Path mail : files.sorted().toList()) {
                    mails.append(Files.readString(mail));
                }
            }
            return mails.toString();
        }
    }

    @Nested
    class Digest extends ByMail {
        @Override
        ReportSettings.Way way() {
            return new ReportSettings.Digest(standIn.program(), "postbane@example.org", "root");
        }

        @Override
        Pattern event() {
            return Pattern.compile("(?m)  (ban|unban) +(\\S+) \\[spam\\]");
        }
    }

    @Nested
    class Webhook extends FaultContract {

        private static final Pattern EVENT = Pattern.compile("\"event\": \"(ban|unban)\".*?\"subject\": \"([^\"]+)\"");

        private final List<String> bodies = new CopyOnWriteArrayList<>();
        private volatile String mood = "good";
        private volatile CountDownLatch answer = new CountDownLatch(1);
        private boolean onceOnly;
        private ExecutorService threads;
        private HttpServer server;
        private int port;

        @BeforeEach
        void listen() throws IOException {
            bodies.clear();
            mood = "good";
            onceOnly = true;
            port = 0;
            startServer();
        }

        private void startServer() throws IOException {
            threads = Executors.newCachedThreadPool();
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
            port = server.getAddress().getPort();
            server.setExecutor(threads);
            server.createContext("/", this::answer);
            server.start();
        }

        @AfterEach
        void stopServer() {
            answer.countDown();
            server.stop(0);
            threads.shutdownNow();
        }

        private void answer(HttpExchange exchange) throws IOException {
            String now = mood;
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            try (exchange) {
                switch (now) {
                    case "good" -> {
                        bodies.add(body);
                        exchange.sendResponseHeaders(204, -1);
                    }
                    case "500", "302" -> exchange.sendResponseHeaders(Integer.parseInt(now), -1);
                    case "hangs up" -> {}
                    case "never answers" -> answer.await();
                    case "never ends its answer" -> {
                        bodies.add(body);
                        exchange.sendResponseHeaders(200, 0);
                        exchange.getResponseBody().write("..".getBytes(StandardCharsets.US_ASCII));
                        exchange.getResponseBody().flush();
                        answer.await();
                    }
                    default -> throw new AssertionError(now);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = new ArrayList<>();
            for (String each : List.of("500", "302", "hangs up", "never answers", "never ends its answer")) {
                faults.add(new Fault(
                        "the server " + each,
                        () -> {
                            onceOnly = !each.equals("never ends its answer");
                            answer = new CountDownLatch(1);
                            mood = each;
                        },
                        () -> {
                            mood = "good";
                            answer.countDown();
                        }));
            }
            faults.add(new Fault("the server is stopped", () -> stopServer(), () -> startServer()));
            return faults;
        }

        @Override
        Action open() {
            var way = new ReportSettings.Webhook(
                    URI.create("http://127.0.0.1:" + port + "/"), "secret", Optional.empty());
            return new ReportAction(
                    new ReportSettings("webhook", way, Duration.ofMillis(1), true),
                    InstantSource.system(),
                    StandIn.PATIENCE);
        }

        @Override
        Set<String> held() {
            return told(String.join("\n", bodies), EVENT, onceOnly);
        }
    }

    /** The third mail of five is refused at first. */
    @Test
    void abuseMail_refusedInTheMiddle_goesOnThere(@TempDir Path dir) throws Exception {
        Path sendmail = Files.writeString(dir.resolve("sendmail"), """
                #!/bin/sh
                cat >%1$s/mail
                echo >>%1$s/calls
                [ $(wc -l <%1$s/calls) != 3 ] || exit 75
                cat %1$s/mail >>%1$s/mails
                """.formatted(dir));
        assertTrue(sendmail.toFile().setExecutable(true));
        var way =
                new ReportSettings.Abuse(sendmail, "abuse@example.org", "desk@example.net", Form.ARF, 1000, "Example");
        List<Decision> changes = IntStream.rangeClosed(1, 5)
                .mapToObj(i -> Bans.impose("192.0.2." + i, Duration.ofHours(1)))
                .toList();
        try (Action action =
                new ReportAction(new ReportSettings("abuse", way, Duration.ZERO, true), InstantSource.system())) {
            action.reconcile(List.of());
            assertThrows(ActionException.class, () -> action.apply(changes));
            action.reconcile(changes.stream().map(Decision::ban).toList());
        }

        Matcher source = Pattern.compile("(?m)^Source-IP: (\\S+)").matcher(Files.readString(dir.resolve("mails")));
        assertEquals(
                List.of("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"),
                source.results().map(found -> found.group(1)).toList());
    }
}
