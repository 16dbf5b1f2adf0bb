package org.postbane.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.postbane.testing.Needs;
import org.postbane.testing.NetNamespace;

/**
 * A real mail server for a test: Postfix, amavisd-new with SpamAssassin, and rsyslogd, in namespaces of their own. It accepts
 * mail for alice, bob, carol, dave, postmaster and u1, u2... at example.org and example.com; other recipients are refused.
 * Spam is what has the GTUBE line in its body, and is discarded. Clients may have any IPv4 or IPv6 documentation address
 * (RFC 5737, RFC 3849).
 *
 * <p>{@code mailserver.sh} beside the test resources does the work. It lives as long as its standard input is open, that is
 * at most as long as this JVM.
 */
public final class MailServer implements AutoCloseable {

    /** How rsyslogd writes the time. */
    public enum LogFormat {
        TRADITIONAL,
        RFC3339
    }

    private static final String IPV4 = "10.25.25.1";
    private static final String IPV6 = "fd25::1";
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
    private static final String GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

    private final Path dir;
    private final Process process;
    private final String pid;
    private final String clientNamespace;

    private MailServer(Path dir, Process process, String pid, String clientNamespace) {
        this.dir = dir;
        this.process = process;
        this.pid = pid;
        this.clientNamespace = clientNamespace;
    }

    /** Skips the test, or fails it in CI, where the machine cannot run this. */
    public static void needed() throws IOException, InterruptedException {
        NetNamespace.needed();
        for (String file : List.of(
                "/usr/sbin/postfix",
                "/usr/sbin/amavisd",
                "/usr/sbin/rsyslogd",
                "/usr/bin/swaks",
                "/etc/postfix",
                "/etc/amavis/conf.d",
                "/etc/spamassassin")) {
            Needs.installed(
                    Files.exists(Path.of(file)),
                    "a whole mail server, of which " + file + " is missing,",
                    "postfix amavisd-new spamassassin rsyslog swaks");
        }
        Needs.program("unshare", "util-linux");
        Process unshare = new ProcessBuilder("unshare", "--mount", "--net", "--pid", "--fork", "true").start();
        Needs.that(unshare.waitFor() == 0, "a whole mail server needs leave to make namespaces for it (CAP_SYS_ADMIN)");
    }

    /**
     * Starts it, and waits until it accepts mail: some five seconds.
     *
     * @param dir an empty directory, for configuration, queue and log; becomes readable for all
     */
    public static MailServer start(Path dir, LogFormat format) throws IOException {
        Path errors = dir.resolve("errors");
        Process process = new ProcessBuilder(
                        "bash",
                        script().toString(),
                        "run",
                        dir.toString(),
                        format.name().toLowerCase(Locale.ROOT))
                .redirectError(errors.toFile())
                .start();
        BufferedReader out = process.inputReader(UTF_8); // ends when the script does, and all its waiting is bounded
        String ready = out.readLine();
        if (ready == null || !ready.startsWith("ready ")) {
            stop(process);
            throw new IOException("no mail server: " + Files.readString(errors).strip());
        }
        String[] words = ready.split(" ", -1);
        return new MailServer(dir, process, words[1], words[2]);
    }

    private static Path script() throws IOException {
        try {
            return Path.of(
                    MailServer.class.getResource("/endtoend/mailserver.sh").toURI());
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    /** Where everything of the server, and nothing else, is. */
    public Path directory() {
        return dir;
    }

    public Path mailLog() {
        return dir.resolve("mail.log");
    }

    /** Sends one message, and makes sure that it was accepted for all recipients. */
    public void send(String clientAddress, String from, List<String> to, boolean gtube)
            throws IOException, InterruptedException {
        int status = swaks(
                clientAddress,
                "--from",
                from,
                "--to",
                String.join(",", to),
                "--body",
                gtube ? GTUBE : "Shall we meet for lunch on Monday?");
        if (status != 0) {
            throw new IOException("swaks from %s: status %d: %s".formatted(clientAddress, status, lastDialogue()));
        }
    }

    /**
     * Speaks SMTP with the server from an address.
     *
     * @param arguments further ones for swaks; see swaks(1)
     * @return swaks's exit status: 0 if the message was accepted, 24 if no recipient was
     */
    public int swaks(String clientAddress, String... arguments) throws IOException, InterruptedException {
        boolean ipv6 = clientAddress.contains(":");
        List<String> command = new ArrayList<>(clientCommand(
                "swaks",
                ipv6 ? "-6" : "-4",
                "--server",
                ipv6 ? IPV6 : IPV4,
                "--local-interface",
                clientAddress,
                "--helo",
                "client.example.net",
                "--timeout",
                "20"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(dialogue().toFile())
                .start()
                .waitFor();
    }

    private Path dialogue() {
        return dir.resolve("dialogue");
    }

    /** What was said in the last SMTP session. */
    public String lastDialogue() throws IOException {
        return Files.readString(dialogue());
    }

    /** The command that runs {@code command} in the server's namespaces: its firewall, its processes, its files. */
    public List<String> serverCommand(String... command) {
        return prefixed(List.of("nsenter", "-t", pid, "-m", "-u", "-i", "-n", "-p"), command);
    }

    /** The command that runs {@code command} where the clients are. */
    public List<String> clientCommand(String... command) {
        return prefixed(List.of("ip", "netns", "exec", clientNamespace), command);
    }

    private static List<String> prefixed(List<String> prefix, String... command) {
        return Stream.concat(prefix.stream(), Stream.of(command)).toList();
    }

    /** The lines of mail.log that match somewhere. */
    public List<String> logLines(String regex) throws IOException {
        Pattern pattern = Pattern.compile(regex);
        try (Stream<String> lines = Files.lines(mailLog())) {
            return lines.filter(line -> pattern.matcher(line).find()).toList();
        }
    }

    /** Waits until at least {@code count} lines of mail.log match, and returns them. */
    public List<String> awaitLogLines(String regex, int count, Duration limit)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        List<String> lines = logLines(regex);
        while (lines.size() < count) {
            if (System.nanoTime() - end > 0) {
                throw new IOException("%d lines of %d match %s in %s; the log:%n%s"
                        .formatted(lines.size(), count, regex, limit, Files.readString(mailLog())));
            }
            Thread.sleep(50);
            lines = logLines(regex);
        }
        return lines;
    }

    /** Ends all its processes and takes away its namespaces. The directory stays, with the log. */
    @Override
    public void close() throws IOException {
        stop(process);
    }

    private static void stop(Process process) throws IOException {
        process.outputWriter().close();
        try {
            if (!process.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                process.destroy();
                throw new IOException("the mail server did not stop within " + STOP_LIMIT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroy();
        }
    }
}
