package org.postbane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.model.IpPrefix;
import org.postbane.model.PrefixSet;
import org.postbane.testing.Needs;
import org.postbane.testing.Opened;

@SuppressWarnings({"AddressSelection", "NullAway.Init"}) // 127.0.0.1 is one address; each test listens first
class SyslogSourceTest {

    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final String TEXT = "<22>Nov 21 09:15:23 mx1 postfix/smtpd[7]: ";

    @TempDir
    Path dir;

    private final List<String> lines = new ArrayList<>();
    private SyslogSource source;

    @RegisterExtension
    final Opened opened = new Opened();

    private void listen(String address, String senders, String trust) throws IOException {
        source = opened.add(new SyslogSource(
                "s",
                new Input.Receiver(
                        ListenAddress.parse(address), new PrefixSet(List.of(IpPrefix.parse(senders))), Trust.of(trust)),
                () -> {}));
        poll();
    }

    private void poll() throws IOException {
        source.poll(line -> lines.add(line.text()), 1000, NOW);
    }

    /** Until so many lines are there, or two seconds are over. */
    private List<String> await(int wanted) throws Exception {
        for (int i = 0; i < 200 && lines.size() < wanted; i++) {
            poll();
            Thread.sleep(10);
        }
        Thread.sleep(100);
        poll();
        return lines;
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return probe.getLocalPort();
        }
    }

    private static void udp(int port, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(bytes, bytes.length, new InetSocketAddress("127.0.0.1", port)));
        }
    }

    private static Socket tcp(int port, String text) throws IOException {
        Socket socket = new Socket("127.0.0.1", port);
        OutputStream out = socket.getOutputStream();
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
        return socket;
    }

    @Test
    void udp_datagrams_areLines() throws Exception {
        int port = freePort();
        listen("udp://127.0.0.1:" + port, "127.0.0.1", "");

        udp(port, TEXT + "one\n");
        udp(port, "no syslog");
        udp(port, TEXT + "two\n" + TEXT + "still two");

        assertEquals(List.of(TEXT + "one", TEXT + "two?" + TEXT + "still two"), await(2));
    }

    @Test
    void udp_otherSenders_areNotHeard() throws Exception {
        int port = freePort();
        listen("udp://127.0.0.1:" + port, "192.0.2.0/24", "");

        udp(port, TEXT + "one");

        assertEquals(List.of(), await(1));
    }

    @Test
    void tcp_bothFramings_areLines() throws Exception {
        int port = freePort();
        listen("tcp://127.0.0.1:" + port, "127.0.0.0/8", "");

        try (Socket lf = tcp(port, TEXT + "one\n" + TEXT + "two\n")) {
            await(2);
            String message = TEXT + "three";
            try (Socket counted = tcp(port, message.length() + " " + message + message.length() + " " + message)) {
                assertEquals(List.of(TEXT + "one", TEXT + "two", message, message), await(4));
                assertTrue(lf.isConnected() && counted.isConnected());
            }
        }
    }

    @Test
    void tcp_otherSendersAndOtherProtocols_areClosed() throws Exception {
        int port = freePort();
        listen("tcp://127.0.0.1:" + port, "192.0.2.0/24", "");

        try (Socket socket = tcp(port, TEXT + "one\n")) {
            socket.setSoTimeout(5000);
            assertEquals(-1, read(socket));
        }
        source.close();
        listen("tcp://127.0.0.1:" + port, "127.0.0.1", "");
        try (Socket socket = tcp(port, "GET / HTTP/1.0\n")) {
            socket.setSoTimeout(5000);
            assertEquals(-1, read(socket));
        }
        assertEquals(List.of(), await(1));
    }

    /** A connection that is closed with bytes unread is reset: to the sender both are the end. */
    private static int read(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read();
        } catch (java.net.SocketException e) {
            return -1;
        }
    }

    @Test
    void tcp_manyConnections_closeTheOneSilentLongest() throws Exception {
        int port = freePort();
        listen("tcp://127.0.0.1:" + port, "127.0.0.1", "");
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < StreamServer.MOST_EACH + 20; i++) {
                open.add(tcp(port, TEXT + i + "\n"));
                await(i + 1);
            }
            open.get(0).setSoTimeout(5000);
            assertEquals(-1, read(open.get(0)));
            Socket last = open.get(open.size() - 1);
            last.getOutputStream().write((TEXT + "last\n").getBytes(StandardCharsets.UTF_8));

            assertEquals(TEXT + "last", await(open.size() + 1).get(open.size()));
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    @Test
    void tcp_flood_waitsForTheReader() throws Exception {
        int port = freePort();
        listen("tcp://127.0.0.1:" + port, "127.0.0.1", "");
        int messages = 40_000;
        Thread sender = new Thread(() -> {
            try (Socket socket = tcp(port, "")) {
                OutputStream out = socket.getOutputStream();
                for (int i = 0; i < messages; i++) {
                    out.write((TEXT + "x".repeat(500) + "\n").getBytes(StandardCharsets.US_ASCII));
                }
            } catch (IOException e) {
                lines.add(e.toString());
            }
        });
        sender.start();
        Thread.sleep(1500); // nobody reads
        assertTrue(source.backlog() <= Inbox.MOST + (1 << 16), "bounded: " + source.backlog());

        for (int i = 0; i < 2000 && lines.size() < messages; i++) {
            poll();
            Thread.sleep(2);
        }
        sender.join();

        assertEquals(messages, lines.size());
    }

    @Test
    void unix_userWhoIsNotTrusted_isNotHeard() throws Exception {
        Needs.program("logger", "bsdutils");
        Path socket = dir.resolve("log");
        String uid = String.valueOf(Files.getAttribute(dir, "unix:uid"));
        listen("unix:" + socket, "127.0.0.1", "postfix/smtpd: user=" + uid + "\npostfix/qmgr: user=4711");

        logger(socket, "-d", "postfix/smtpd", "one");
        logger(socket, "-d", "postfix/qmgr", "forged");
        logger(socket, "-d", "postfix/smtpd", "two\nthree");

        List<String> heard = await(2).stream().map(SyslogSourceTest::fromTag).toList();
        assertEquals("postfix/smtpd: one", heard.get(0));
        assertTrue(heard.stream().allMatch(line -> line.startsWith("postfix/smtpd: ")), heard.toString());
    }

    @Test
    void unixStream_userWhoIsNotTrusted_isNotHeard() throws Exception {
        Needs.program("logger", "bsdutils");
        Path socket = dir.resolve("log");
        String uid = String.valueOf(Files.getAttribute(dir, "unix:uid"));
        listen("unix-stream:" + socket, "127.0.0.1", "postfix/smtpd: user=" + uid + "\npostfix/qmgr: user=4711");

        logger(socket, "-T", "postfix/qmgr", "forged");
        logger(socket, "-T", "postfix/smtpd", "one");

        assertEquals(
                List.of("postfix/smtpd: one"),
                await(1).stream().map(SyslogSourceTest::fromTag).toList());
    }

    /** {@code <22>Nov 21 09:15:23 tag: text} from the tag on. */
    private static String fromTag(String line) {
        return line.substring("<22>Nov 21 09:15:23 ".length());
    }

    /** util-linux's logger, which writes to a socket as syslog(3) does. */
    private static void logger(Path socket, String kind, String tag, String text) throws Exception {
        Process process = new ProcessBuilder(
                        "logger", kind, "-u", socket.toString(), "-p", "mail.info", "-t", tag, "--", text)
                .inheritIO()
                .start();
        assertTrue(process.waitFor(10, TimeUnit.SECONDS));
    }

    @Test
    void unix_socketInUse_isLeftAlone_andStaleOneReplaced() throws Exception {
        Path socket = dir.resolve("log");
        listen("unix:" + socket, "127.0.0.1", "");
        SyslogSource first = source;

        IOException why = assertThrows(IOException.class, () -> listen("unix:" + socket, "127.0.0.1", ""));
        assertTrue(String.valueOf(why.getMessage()).contains("another process listens there"), why::toString);
        first.close();
        assertTrue(Files.notExists(socket));
        Files.createFile(socket);
        why = assertThrows(IOException.class, () -> listen("unix:" + socket, "127.0.0.1", ""));
        assertTrue(String.valueOf(why.getMessage()).contains("no socket"), why::toString);
    }
}
