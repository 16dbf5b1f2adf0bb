package org.postbane.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/**
 * A real Postfix in a directory of its own, on port 25 of the network namespace that the caller is in; it asks the maps that
 * the caller names, and throws all mail for example.org away. Needs root.
 */
public final class RealPostfix implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 10_000;

    private final Path dir;
    private final ServerSocketChannel auth;

    private RealPostfix(Path dir) throws IOException {
        this.dir = dir;
        auth = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        auth.bind(UnixDomainSocketAddress.of(dir.resolve("auth")));
        dir.resolve("auth").toFile().setWritable(true, false);
        Thread thread = new Thread(this::answerLogins, "logins");
        thread.setDaemon(true);
        thread.start();
    }

    /** As Dovecot's authentication service does, for which any password is right. */
    private void answerLogins() {
        while (auth.isOpen()) {
            try {
                SocketChannel peer = auth.accept();
                Thread thread = new Thread(() -> answer(peer), "login");
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private static void answer(SocketChannel peer) {
        try (peer) {
            say(peer, "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n");
            BufferedReader in = new BufferedReader(new InputStreamReader(Channels.newInputStream(peer), UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith("AUTH\t")) {
                    String response = line.substring(line.indexOf("\tresp=") + 6);
                    String[] parts = new String(Base64.getDecoder().decode(response), UTF_8).split("\0", -1);
                    say(peer, "OK\t" + line.split("\t", -1)[1] + "\tuser=" + parts[1] + "\n");
                }
            }
        } catch (IOException e) {
            System.err.println("login: " + e); // the test sees that nobody is let in
        }
    }

    private static void say(SocketChannel peer, String text) throws IOException {
        peer.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
    }

    /** Skips the test where Postfix is missing. */
    public static void needed() {
        Needs.root("a real Postfix");
        Needs.installed(
                Files.isExecutable(Path.of("/usr/sbin/postfix"))
                        && Files.isExecutable(Path.of("/usr/lib/postfix/sbin/smtpd")),
                "Postfix",
                "postfix");
    }

    /** A directory of configuration that postmap and postconf take. */
    public static Path instance(Path dir, String... settings) throws IOException {
        Path etc = Files.createDirectories(dir.resolve("etc"));
        Files.createDirectories(dir.resolve("q"));
        Path data = Files.createDirectories(dir.resolve("data"));
        Files.setOwner(
                data, data.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postfix"));
        Files.writeString(etc.resolve("main.cf"), """
                compatibility_level = 3.6
                queue_directory = %1$s/q
                data_directory = %1$s/data
                maillog_file = %1$s/mail.log
                maillog_file_prefixes = /
                command_directory = /usr/sbin
                daemon_directory = /usr/lib/postfix/sbin
                mail_owner = postfix
                setgid_group = postdrop
                myhostname = mx.example.org
                mydestination =
                relay_domains = example.org
                relay_transport = discard
                local_transport = discard
                alias_maps =
                local_recipient_maps =
                smtpd_tls_security_level = none
                mynetworks =
                inet_interfaces = all
                inet_protocols = all
                smtpd_sasl_auth_enable = yes
                smtpd_sasl_type = dovecot
                smtpd_sasl_path = %1$s/auth
                smtpd_client_connection_rate_limit = 0
                max_idle = 2
                %2$s
                """.formatted(dir, String.join("\n", settings)));
        // each of Postfix's programs waits two seconds where main.cf is younger than that
        Files.setLastModifiedTime(
                etc.resolve("main.cf"), FileTime.from(Instant.now().minusSeconds(10)));
        Files.writeString(etc.resolve("master.cf"), """
                25 inet n - n - - smtpd
                postlog unix-dgram n - n - 1 postlogd
                proxymap unix - - n - - proxymap
                tlsmgr unix - - n 1000? 1 tlsmgr
                rewrite unix - - n - - trivial-rewrite
                anvil unix - - n - 1 anvil
                cleanup unix n - n - 0 cleanup
                qmgr unix n - n 300 1 qmgr
                discard unix - - n - - discard
                bounce unix - - n - 0 bounce
                defer unix - - n - 0 bounce
                """);
        for (Path path = dir;
                path != null && path.startsWith("/tmp") && path.getNameCount() > 1;
                path = path.getParent()) {
            path.toFile().setReadable(true, false);
            path.toFile().setExecutable(true, false);
        }
        return etc;
    }

    /** Starts it; returns when it answers. */
    public static RealPostfix start(Path dir) throws IOException, InterruptedException {
        RealPostfix postfix = new RealPostfix(dir);
        postfix.postfix("start");
        for (int i = 0; i < 100; i++) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), 25), 200);
                socket.setSoTimeout(2000);
                if (socket.getInputStream().read() == '2') {
                    return postfix;
                }
            } catch (IOException e) {
                Thread.sleep(100); // not yet
            }
        }
        postfix.close();
        throw new IOException("Postfix does not answer: " + postfix.log());
    }

    public String log() throws IOException {
        Path log = dir.resolve("mail.log");
        return Files.exists(log) ? Files.readString(log) : "";
    }

    private void postfix(String verb) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        "/usr/sbin/postfix", "-c", dir.resolve("etc").toString(), verb)
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("postfix " + verb + ": " + said + log());
        }
    }

    /**
     * Sends a message, as far as the server lets it.
     *
     * @param client the address that it comes from, which the namespace must have
     * @param login empty for none
     * @return the reply to the recipient, or the first one before that is no success; of accepted mail the reply to its end
     */
    public String send(String client, String login, String sender) throws IOException {
        InetAddress from = InetAddress.getByName(client);
        String server = client.contains(":") ? "::1" : "127.0.0.1";
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress(from, 0));
            socket.connect(new InetSocketAddress(InetAddress.getByName(server), 25), PATIENCE_MILLIS);
            socket.setSoTimeout(PATIENCE_MILLIS);
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
            List<String> commands = new ArrayList<>(List.of("EHLO client.example.net"));
            if (!login.isEmpty()) {
                String response = Base64.getEncoder().encodeToString(("\0" + login + "\0secret").getBytes(UTF_8));
                commands.add("AUTH PLAIN " + response);
            }
            commands.addAll(List.of("MAIL FROM:<" + sender + ">", "RCPT TO:<u@example.org>", "DATA", "Hello\r\n."));
            String reply = reply(in);
            for (String command : commands) {
                if (reply.charAt(0) > '3') {
                    return reply;
                }
                socket.getOutputStream().write((command + "\r\n").getBytes(US_ASCII));
                reply = reply(in);
            }
            return reply;
        }
    }

    /** The last line of a reply. */
    private static String reply(BufferedReader in) throws IOException {
        String line = in.readLine();
        while (line != null && line.length() > 3 && line.charAt(3) == '-') {
            line = in.readLine();
        }
        if (line == null || line.isEmpty()) {
            throw new IOException("the server hung up");
        }
        return line;
    }

    @Override
    public void close() throws IOException {
        auth.close();
        try {
            postfix("stop");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(dir.resolve("q"))) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        }
    }
}
