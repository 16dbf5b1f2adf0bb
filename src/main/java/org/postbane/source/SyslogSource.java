package org.postbane.source;

import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.postbane.host.UnixDatagrams;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A syslog receiver as a source: what others send by UDP, TCP or a Unix socket becomes lines.
 *
 * <p>Threads: one of its own receives; {@link #poll} takes what is there. Memory: {@link Inbox}, and what {@link StreamServer}
 * says for its connections. When the inbox is full, senders by TCP and stream sockets wait; datagrams are dropped and counted.
 * Errors: a port or path that cannot be had is tried again at each {@link #poll}, which says why.
 *
 * <p>Known shortcomings: there is no position. What was received and not yet committed is lost when the agent dies, as is
 * what others send while it is down. The sender's address of a UDP datagram is whatever the sender writes there.
 */
public final class SyslogSource implements LineSource {

    private static final Logger LOG = LoggerFactory.getLogger(SyslogSource.class);
    private static final long TELL_NANOS = 60_000_000_000L;

    private final String name;
    private final Input.Receiver settings;
    private final Inbox inbox;
    private final SyslogDesk desk;
    private final Line line = new Line();
    private @Nullable Receiving receiving;
    private long toldRefused;
    private long toldLost;
    private long nextTelling = System.nanoTime();

    /** An open port or socket, whose thread runs. */
    interface Receiving extends AutoCloseable {

        /** Why it receives no more; null while it does. */
        @Nullable
        String fault();

        @Override
        void close();
    }

    /**
     * Does not listen yet.
     *
     * @param name of the source in the configuration
     * @param wake called from another thread when there is something to {@link #poll}
     */
    public SyslogSource(String name, Input.Receiver settings, Runnable wake) {
        this.name = name;
        this.settings = settings;
        this.inbox = new Inbox(wake);
        this.desk = new SyslogDesk(inbox, settings.trust());
    }

    @Override
    public boolean canWait() {
        return false;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String place() {
        return settings.address().toString();
    }

    @Override
    public boolean poll(LineSink sink, int most, Instant now) throws IOException {
        if (receiving == null) {
            receiving = listen();
        }
        for (int i = 0; i < most; i++) {
            Inbox.Item item = inbox.poll();
            if (item == null) {
                break;
            }
            sink.accept(line.set(item.bytes(), 0, item.length()));
        }
        tell();
        String why = receiving.fault();
        if (why != null) {
            receiving.close();
            receiving = null;
            throw new IOException(place() + ": " + why);
        }
        return !inbox.isEmpty();
    }

    private Receiving listen() throws IOException {
        ListenAddress address = settings.address();
        try {
            return switch (address.kind()) {
                case UDP -> DatagramServer.udp(address, settings.senders(), desk);
                case UNIX ->
                    DatagramServer.unix(UnixDatagrams.bind(java.util.Objects.requireNonNull(address.path())), desk);
                case TCP, UNIX_STREAM -> StreamServer.listen(address, settings.senders(), desk);
            };
        } catch (IOException e) {
            throw new IOException(place() + ": " + e.getMessage(), e);
        }
    }

    /** At most one line a minute, however many messages were turned away. */
    private void tell() {
        long refused = desk.refused();
        long lost = desk.lost();
        if ((refused > toldRefused || lost > toldLost) && System.nanoTime() - nextTelling >= 0) {
            nextTelling = System.nanoTime() + TELL_NANOS;
            if (refused > toldRefused) {
                LOG.warn(
                        "{}: {} messages or senders were refused: no syslog, not in 'senders', or not trusted with the program's name",
                        name,
                        refused - toldRefused);
            }
            if (lost > toldLost) {
                LOG.warn("{}: {} messages came faster than they could be read, and were lost", name, lost - toldLost);
            }
            toldRefused = refused;
            toldLost = lost;
        }
    }

    /** None: nobody sends again what was received. Said so, lest a file that takes its name be read from its start. */
    @Override
    public Position position() {
        return new Position("received", 0);
    }

    @Override
    public long backlog() {
        return inbox.bytes();
    }

    @Override
    public void close() {
        if (receiving != null) {
            receiving.close();
            receiving = null;
        }
    }
}
