package org.postbane.source;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import org.postbane.host.Accounts;
import org.postbane.host.StaleSocket;
import org.postbane.model.PrefixSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives messages over connections, by TCP or a Unix socket, on one thread for all of them.
 *
 * <p>Memory: at most {@link #MOST} connections, {@link #MOST_EACH} of one address; one more closes the one of them that was
 * silent for the longest time. Each has a buffer of {@link SyslogFrames}, so 4 MiB in all at the worst. A message that is not complete after
 * {@link #PATIENCE_NANOS} closes its connection; between messages a sender may be silent for ever. What is no syslog closes it too.
 */
final class StreamServer implements SyslogSource.Receiving {

    static final int MOST = 64;
    static final int MOST_EACH = 16;
    static final long PATIENCE_NANOS = 60_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(StreamServer.class);
    private static final int BLOCK = 16 * 1024;
    private static final long LOOK_MILLIS = 1000;

    private final ServerSocketChannel server;
    private final @Nullable Path path;
    private final PrefixSet senders;
    private final SyslogDesk desk;
    private final Selector selector;
    private final ByteBuffer block = ByteBuffer.allocate(BLOCK);
    private final List<Connection> connections = new ArrayList<>();
    private final Thread thread = new Thread(this::run, "syslog-stream");
    private volatile boolean closed;
    private volatile @Nullable String fault;

    /** One sender. */
    private static final class Connection {
        final SocketChannel channel;
        final Object from;
        final long uid;
        final SyslogFrames frames = new SyslogFrames();
        long lastHeard = System.nanoTime();

        /** When the message at hand was begun; meaningless between messages. */
        long begun;

        Connection(SocketChannel channel, Object from, long uid) {
            this.channel = channel;
            this.from = from;
            this.uid = uid;
        }
    }

    private StreamServer(ServerSocketChannel server, @Nullable Path path, PrefixSet senders, SyslogDesk desk)
            throws IOException {
        this.server = server;
        this.path = path;
        this.senders = senders;
        this.desk = desk;
        selector = Selector.open();
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
        thread.setDaemon(true);
    }

    static StreamServer listen(ListenAddress address, PrefixSet senders, SyslogDesk desk) throws IOException {
        Path path = address.path();
        ServerSocketChannel server =
                path == null ? ServerSocketChannel.open() : ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            if (path == null) {
                server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                server.bind(new InetSocketAddress(
                        Objects.requireNonNull(address.host()).toInetAddress(), address.port()));
            } else {
                StaleSocket.remove(path, () -> answers(path));
                server.bind(UnixDomainSocketAddress.of(path));
                // as /dev/log: anybody may write, the kernel says who did
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw-rw-"));
            }
            StreamServer listening = new StreamServer(server, path, senders, desk);
            listening.thread.start();
            return listening;
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /** Whether somebody listens there. */
    private static boolean answers(Path path) throws IOException {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            LOG.debug("{} answers", probe);
            return true;
        } catch (ConnectException e) {
            return false;
        }
    }

    private void run() {
        try {
            while (!closed) {
                selector.select(this::serve, LOOK_MILLIS);
                long now = System.nanoTime();
                for (Connection slow : connections.stream()
                        .filter(each -> each.frames.isWithin() && now - each.begun > PATIENCE_NANOS)
                        .toList()) {
                    drop(slow);
                }
            }
        } catch (ClosedSelectorException | ClosedByInterruptException e) {
            LOG.trace("receiving ended", e);
        } catch (IOException e) {
            fault = e.getMessage();
        }
    }

    private void serve(SelectionKey key) {
        if (!key.isValid()) {
            return;
        }
        if (key.isAcceptable()) {
            accept();
        } else if (key.attachment() instanceof Connection connection) {
            read(connection);
        }
    }

    private void accept() {
        try {
            SocketChannel channel = server.accept();
            if (channel == null) {
                return;
            }
            Connection connection = admit(channel);
            if (connection == null) {
                desk.refuse();
                channel.close();
                return;
            }
            makeRoom(connection.from);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, connection);
            connections.add(connection);
        } catch (IOException e) {
            LOG.debug("a sender that could not be taken: {}", e.getMessage());
        }
    }

    private @Nullable Connection admit(SocketChannel channel) throws IOException {
        SocketAddress from = channel.getRemoteAddress();
        if (from instanceof InetSocketAddress internet) {
            return DatagramServer.isAllowed(internet, senders)
                    ? new Connection(channel, internet.getAddress(), SyslogDesk.NOBODY_KNOWS)
                    : null;
        }
        String user =
                channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
        long uid = Accounts.read().number(user).orElse(-1);
        return new Connection(channel, uid, uid);
    }

    private void makeRoom(Object from) {
        List<Connection> same =
                connections.stream().filter(each -> each.from.equals(from)).toList();
        if (same.size() >= MOST_EACH) {
            drop(longestSilent(same));
        } else if (connections.size() >= MOST) {
            drop(longestSilent(connections));
        }
    }

    private static Connection longestSilent(List<Connection> of) {
        long now = System.nanoTime();
        return of.stream()
                .max(Comparator.comparingLong(each -> now - each.lastHeard))
                .orElseThrow();
    }

    private void read(Connection connection) {
        try {
            block.clear();
            int n = connection.channel.read(block);
            if (n < 0) {
                drop(connection);
                return;
            }
            block.flip();
            connection.lastHeard = System.nanoTime();
            boolean[] completed = {!connection.frames.isWithin()};
            boolean syslog = connection.frames.take(block, (bytes, length) -> {
                completed[0] = true;
                desk.put(bytes, length, connection.uid);
            });
            if (completed[0]) {
                connection.begun = connection.lastHeard;
            }
            if (!syslog) {
                desk.refuse();
                drop(connection);
            }
        } catch (IOException e) {
            LOG.debug("a sender went away: {}", e.getMessage());
            drop(connection);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closed = true;
        }
    }

    private void drop(Connection connection) {
        connections.remove(connection);
        try {
            connection.channel.close();
        } catch (IOException e) {
            LOG.debug("closing a connection: {}", e.getMessage());
        }
    }

    @Override
    public @Nullable String fault() {
        return fault;
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(3000);
            selector.close();
            server.close();
            for (Connection connection : List.copyOf(connections)) {
                drop(connection);
            }
            if (path != null) {
                Files.deleteIfExists(path);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.warn("closing a socket: {}", e.getMessage());
        }
    }
}
