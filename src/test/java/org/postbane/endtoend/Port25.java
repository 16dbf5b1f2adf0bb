package org.postbane.endtoend;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Both ends of a connection to port 25, each as a process of its own: {@code listen} prints a line once it listens, and greets
 * everybody; {@code knock ADDRESS...} connects from each of these addresses to the server of a {@link Cable} or {@link
 * MailServer}, and prints those that were greeted.
 */
public final class Port25 {

    private static final int PATIENCE_MILLIS = 1500; // a refused packet is sent again after 1 s

    private Port25() {}

    static String[] command(String... words) {
        return Stream.concat(
                        Stream.of("java", "-XX:TieredStopAtLevel=1", "-cp", classes(), Port25.class.getName()),
                        Stream.of(words))
                .toArray(String[]::new);
    }

    private static String classes() {
        return Path.of(Port25.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .getPath())
                .toString();
    }

    public static void main(String[] args) throws IOException {
        if (args[0].equals("listen")) {
            listen();
        }
        List<String> addresses = Arrays.asList(args).subList(1, args.length);
        addresses.stream().map(Port25::start).toList().forEach(Port25::join);
    }

    private static void listen() throws IOException {
        try (ServerSocket port = new ServerSocket(25, 64)) { // of both families
            System.out.println("ready");
            while (true) {
                try (Socket client = port.accept()) {
                    client.getOutputStream().write("220 mx.example.org\r\n".getBytes(US_ASCII));
                } catch (IOException e) {
                    System.err.println("client went away: " + e.getMessage());
                }
            }
        }
    }

    private static Thread start(String address) {
        Thread thread = new Thread(() -> {
            if (greeted(address)) {
                System.out.println(address);
            }
        });
        thread.start();
        return thread;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static InetAddress literal(String address) throws IOException {
        return InetAddress.getAllByName(address)[0]; // it has no name, so nobody is asked
    }

    private static boolean greeted(String address) {
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress(literal(address), 0));
            String server = address.contains(":") ? "fd25::1" : "10.25.25.1";
            socket.setSoTimeout(10_000);
            socket.connect(new InetSocketAddress(literal(server), 25), PATIENCE_MILLIS);
            return socket.getInputStream().read() == '2';
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            throw new IllegalStateException(address + ": " + e.getMessage(), e); // no ban looks like this
        }
    }
}
