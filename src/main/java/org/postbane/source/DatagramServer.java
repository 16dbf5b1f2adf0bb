package org.postbane.source;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.DatagramChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postbane.host.UnixDatagrams;
import org.postbane.model.IpPrefix;
import org.postbane.model.PrefixSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Receives datagrams, each one message, by UDP or by a Unix socket, on a thread of its own. One buffer. */
final class DatagramServer implements SyslogSource.Receiving {

    private static final Logger LOG = LoggerFactory.getLogger(DatagramServer.class);
    private static final int MOST = 64 * 1024;
    private static final int KERNEL_BUFFER = 1 << 20;

    private final AutoCloseable socket;
    private final Thread thread;
    private volatile boolean closed;
    private volatile @Nullable String fault;

    /** Receives one datagram; may return without one. */
    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }

    private DatagramServer(String name, AutoCloseable socket, Step step) {
        this.socket = socket;
        thread = new Thread(() -> run(step), name);
        thread.setDaemon(true);
    }

    static DatagramServer udp(ListenAddress address, PrefixSet senders, SyslogDesk desk) throws IOException {
        DatagramChannel channel = DatagramChannel.open();
        try {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, KERNEL_BUFFER);
            channel.bind(
                    new InetSocketAddress(Objects.requireNonNull(address.host()).toInetAddress(), address.port()));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        ByteBuffer buffer = ByteBuffer.allocate(MOST);
        DatagramServer server = new DatagramServer("syslog-udp", channel, () -> {
            buffer.clear();
            InetSocketAddress from = (InetSocketAddress) channel.receive(buffer);
            if (from == null || !isAllowed(from, senders)) {
                desk.refuse();
            } else {
                desk.offer(buffer.array(), buffer.position(), SyslogDesk.NOBODY_KNOWS);
            }
        });
        server.thread.start();
        return server;
    }

    static DatagramServer unix(UnixDatagrams socket, SyslogDesk desk) {
        DatagramServer server = new DatagramServer("syslog-unix", socket, () -> {
            int length = socket.receive();
            if (length > 0) {
                desk.offer(socket.bytes(), length, socket.uid());
            }
        });
        server.thread.start();
        return server;
    }

    static boolean isAllowed(InetSocketAddress from, PrefixSet senders) {
        String text = from.getAddress().getHostAddress();
        int scope = text.indexOf('%'); // fe80::1%eth0
        IpPrefix address = IpPrefix.parse(scope < 0 ? text : text.substring(0, scope));
        return address != null && senders.contains(address);
    }

    private void run(Step step) {
        try {
            while (!closed) {
                step.run();
            }
        } catch (AsynchronousCloseException e) {
            LOG.trace("receiving ended", e);
        } catch (IOException e) {
            fault = e.getMessage();
        }
    }

    @Override
    public @Nullable String fault() {
        return fault;
    }

    @Override
    public void close() {
        closed = true;
        try {
            if (socket instanceof DatagramChannel) {
                socket.close();
            }
            thread.join(3000);
            socket.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.warn("closing a socket: {}", e.getMessage());
        }
    }
}
