package org.postbane.endtoend;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.postbane.testing.Needs;
import org.postbane.testing.NetNamespace;

/**
 * Two network namespaces joined by a cable: in one somebody listens on port 25, in the other every documentation address (RFC
 * 5737, RFC 3849) may be a client. What listens is real TCP, and what is between is a real packet filter.
 */
final class Cable implements AutoCloseable {

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String server;
    private final String clients;
    private Process listener;

    private Cable(String name) {
        server = name + "s";
        clients = name + "c";
    }

    static Cable plug() throws IOException, InterruptedException {
        NetNamespace.needed();
        Needs.program("sysctl", "procps");
        Cable cable = new Cable("pb" + ProcessHandle.current().pid() + "x" + COUNT.incrementAndGet());
        Needs.that(
                Program.run(List.of("ip", "netns", "add", cable.server)).status() == 0,
                "a network namespace needs leave to make it (CAP_SYS_ADMIN)");
        try {
            cable.join();
            cable.listen();
            return cable;
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            cable.close();
            throw e;
        }
    }

    private void join() throws IOException, InterruptedException {
        ip("netns", "add", clients);
        ip("-n", server, "link", "add", "lan", "type", "veth", "peer", "name", "lan", "netns", clients);
        for (String namespace : List.of(server, clients)) {
            ip("-n", namespace, "link", "set", "lo", "up");
            ip("-n", namespace, "link", "set", "lan", "up");
        }
        ip("-n", server, "addr", "add", "10.25.25.1/30", "dev", "lan");
        ip("-n", clients, "addr", "add", "10.25.25.2/30", "dev", "lan");
        ip("-n", server, "addr", "add", "fd25::1/64", "dev", "lan", "nodad");
        ip("-n", clients, "addr", "add", "fd25::2/64", "dev", "lan", "nodad");
        for (String net : List.of("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")) {
            ip("-n", server, "route", "add", net, "via", "10.25.25.2");
            ip("-n", clients, "route", "add", "local", net, "dev", "lo");
        }
        ip("-n", server, "route", "add", "2001:db8::/32", "via", "fd25::2");
        ip("-n", clients, "route", "add", "local", "2001:db8::/32", "dev", "lo");
        Program.run(clientCommand("sysctl", "-q", "-w", "net.ipv6.ip_nonlocal_bind=1"))
                .mustBe(0);
    }

    private static void ip(String... words) throws IOException, InterruptedException {
        Program.run(Stream.concat(Stream.of("ip"), Arrays.stream(words)).toList())
                .mustBe(0);
    }

    private void listen() throws IOException {
        listener = new ProcessBuilder(serverCommand(Port25.command("listen")))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (listener.inputReader().readLine() == null) {
            throw new IOException("nobody listens on port 25");
        }
    }

    /** The command that runs {@code command} where the server is. */
    List<String> serverCommand(String... command) {
        return in(server, command);
    }

    /** The command that runs {@code command} where the clients are. */
    List<String> clientCommand(String... command) {
        return in(clients, command);
    }

    private static List<String> in(String namespace, String... command) {
        List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        whole.addAll(Arrays.asList(command));
        return whole;
    }

    /** Those of these clients that get a connection to port 25. */
    Set<String> connected(String... addresses) throws IOException, InterruptedException {
        return greeted(clients, addresses);
    }

    /** Those of these addresses of a namespace that get a connection to port 25 of the server at the other end. */
    static Set<String> greeted(String namespace, String... addresses) throws IOException, InterruptedException {
        String[] words = Stream.concat(Stream.of("knock"), Stream.of(addresses)).toArray(String[]::new);
        Program.Outcome outcome =
                Program.run(in(namespace, Port25.command(words))).mustBe(0);
        return new TreeSet<>(outcome.out().lines().toList());
    }

    /** What nft prints where the server is. */
    Program.Outcome nft(String... words) throws IOException, InterruptedException {
        return Program.run(
                serverCommand(Stream.concat(Stream.of("nft"), Stream.of(words)).toArray(String[]::new)));
    }

    @Override
    public void close() throws IOException {
        if (listener != null) {
            listener.destroyForcibly();
        }
        try {
            Program.run(List.of("ip", "netns", "delete", clients));
            Program.run(List.of("ip", "netns", "delete", server));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
