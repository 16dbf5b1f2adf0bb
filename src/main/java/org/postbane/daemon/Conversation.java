package org.postbane.daemon;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client&apos;s connection to the control socket, from who it is to the exit status.
 *
 * <p>Runs on a thread of its own; {@link #overdue}, {@link #stalledNanos} and {@link #cut} are for the accepting thread.
 * Holds one request (64 KiB) and one frame (16 KiB). A client that breaks off or sends rubbish is a line at debug. A
 * command that fails by our own mistake is logged with its trace and ends with status 1: a wrong command must not end the
 * protection of everybody.
 */
final class Conversation implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Conversation.class);

    private static final int FAILED = 1;
    private static final int USAGE = 64;
    private static final int UNAVAILABLE = 69;
    private static final int NOT_ALLOWED = 77;

    private final SocketChannel channel;
    private final SocketFile file;
    private final CommandHandler handler;
    private volatile boolean asking;
    private volatile long askingSinceNanos;
    private volatile boolean sending;
    private volatile long sendingSinceNanos;

    Conversation(SocketChannel channel, SocketFile file, CommandHandler handler) {
        this.channel = channel;
        this.file = file;
        this.handler = handler;
    }

    @Override
    public void run() {
        askingSinceNanos = System.nanoTime(); // not before: a client that waited for its place is not to blame
        asking = true;
        try (channel) {
            converse(new Reply(new Watched()));
        } catch (IOException e) {
            LOG.debug("control socket: a client broke off: {}", e.toString());
        }
    }

    /** Whether the client has not got its request out within {@code limit}. */
    boolean overdue(Duration limit) {
        return asking && System.nanoTime() - askingSinceNanos > limit.toNanos();
    }

    /** For how long the client has not taken what is sent to it; 0 when nothing waits. */
    long stalledNanos() {
        long since = sendingSinceNanos;
        return sending ? Math.max(0, System.nanoTime() - since) : 0;
    }

    /** Hangs up. What the command reads or writes next fails; the command itself is not interrupted (see {@link ControlSocket}). */
    void cut() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("control socket: {}", e.toString());
        }
    }

    private void converse(Reply reply) throws IOException {
        UnixDomainPrincipal peer = channel.getOption(ExtendedSocketOptions.SO_PEERCRED);
        if (!file.admits(peer)) {
            LOG.warn("control socket: refused user {}", peer.user().getName());
            reply.refuse(NOT_ALLOWED, "not allowed");
            return;
        }
        DataInputStream in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel)));
        if (in.readUnsignedByte() != Reply.VERSION) {
            reply.refuse(UNAVAILABLE, "the daemon speaks another version of the protocol");
            return;
        }
        Request request;
        try {
            request = Request.read(in);
        } catch (ProtocolException e) {
            reply.refuse(USAGE, "the daemon refuses the request: " + e.getMessage());
            return;
        }
        asking = false;
        reply.end(run(request, reply));
    }

    private int run(Request request, Reply reply) throws IOException {
        try {
            return handler.handle(request.args(), request.columns(), reply.out(), reply.err());
        } catch (IOException | UncheckedIOException e) {
            if (reply.broken()) {
                throw new IOException("while its command ran: " + e, e);
            }
            String why = e.toString().replace('\n', ' ');
            LOG.warn("control socket: a command failed: {}", why);
            reply.complain(why);
            return FAILED;
        } catch (RuntimeException e) {
            if (reply.broken()) {
                throw new IOException("while its command ran: " + e, e);
            }
            LOG.error("control socket: a command failed by our mistake", e);
            reply.complain("internal error, see the daemon's log");
            return FAILED;
        }
    }

    /** The channel, with a note of since when a write has been waiting for the client. */
    private final class Watched implements WritableByteChannel {

        @Override
        public int write(ByteBuffer from) throws IOException {
            sendingSinceNanos = System.nanoTime();
            sending = true;
            try {
                return channel.write(from);
            } finally {
                sending = false;
            }
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
