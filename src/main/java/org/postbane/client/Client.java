package org.postbane.client;

import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The near end of the control socket: sends the words of one command to the daemon and copies its answer out.
 *
 * <p>All numbers are big-endian. The client sends, and then only listens:
 *
 * <pre>
 * u8  version       {@code 0xB1}: the magic is B, this is version 1
 * u16 columns       width of the terminal, 0 when standard output is none
 * u16 count         words, at most 1024
 * count times:      i32 length, then as many bytes of UTF-8; all words together at most 64 KiB
 * </pre>
 *
 * The daemon answers with its own version byte, and then with frames until the command is done:
 *
 * <pre>
 * u8  type          1 standard output, 2 standard error, 3 the end
 * i32 length        at most 64 KiB; of type 3: 4
 * length bytes      of type 3: i32, the exit status
 * </pre>
 *
 * <p>Runs on the caller&apos;s thread. Keeps one buffer, whatever the size of the answer. Its class loading is most of what a
 * command costs, so it does without lambdas, joined strings, formats and regular expressions, also where they would be
 * shorter.
 *
 * <p>Shortcomings: waits without limit for a daemon that accepts and stays silent. Relative file names mean nothing to the
 * daemon, as it is not told the working directory. Half surrogates, of which no file or terminal is made, arrive as
 * {@code ?}.
 */
public final class Client {

    /** Result of {@link #run}: nobody listens on the socket, and no command was run. */
    public static final int NO_DAEMON = -1;

    private static final int VERSION = 0xB1;
    private static final int MOST_WORDS = 1024;
    private static final int MOST_BYTES = 64 * 1024;
    private static final int MOST_COLUMNS = 0xFFFF;
    private static final byte OUT = 1;
    private static final byte ERR = 2;
    private static final byte END = 3;

    private static final int USAGE = 64;
    private static final int UNAVAILABLE = 69;
    private static final int NOT_ALLOWED = 77;

    private static final int BUFFER = 32 * 1024;

    private Client() {}

    /**
     * Runs one command in the daemon.
     *
     * @param args the words of the command, without the name of the program
     * @param columns width of the terminal, 0 to 65535; 0 when standard output is no terminal
     * @param out standard output; flushed after each frame
     * @param err standard error; the daemon&apos;s and our own one-line complaints
     * @return the exit status: the command&apos;s own; 64 when there are too many words; 69 when the daemon speaks another
     *     version; 77 when the socket may not be opened by this user; or {@link #NO_DAEMON}
     * @throws IOException the daemon hung up in the middle or talks nonsense, or {@code out} or {@code err} failed
     */
    public static int run(Path socket, String[] args, int columns, OutputStream out, OutputStream err)
            throws IOException {
        if (columns < 0 || columns > MOST_COLUMNS) {
            throw new IllegalArgumentException("columns out of range");
        }
        byte[][] words = new byte[args.length][];
        int bytes = 0;
        for (int i = 0; i < args.length; i++) {
            words[i] = args[i].getBytes(StandardCharsets.UTF_8);
            if (words[i].length > MOST_BYTES - bytes) {
                bytes = MOST_BYTES + 1;
                break;
            }
            bytes += words[i].length;
        }
        if (args.length > MOST_WORDS || bytes > MOST_BYTES) {
            complain(err, "the command is too long: at most 1024 words and 64 KiB; split it");
            return USAGE;
        }
        ByteBuffer request = ByteBuffer.allocate(5 + 4 * words.length + bytes);
        request.put((byte) VERSION).putShort((short) columns).putShort((short) words.length);
        for (byte[] word : words) {
            request.putInt(word.length).put(word);
        }
        request.flip();

        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
            } catch (ConnectException e) {
                return NO_DAEMON; // a file that a dead daemon left
            } catch (SocketException e) {
                return unreachable(socket, e, err);
            }
            return converse(channel, request, out, err);
        }
    }

    /**
     * The width to tell the daemon: {@code $COLUMNS} where it is a positive number, else 80 at a terminal, else 0. Does not
     * ask {@code stty}: starting it would take longer than all the rest. On Java 22 to 24 there is a console without a
     * terminal too, unless {@code -Djdk.console=java.base} is set, as our start script does.
     */
    @SuppressWarnings("SystemConsoleNull") // see above; isTerminal() is not in Java 17
    public static int columns() {
        int columns = 0;
        String stated = System.getenv("COLUMNS");
        if (stated != null && !stated.isEmpty() && stated.length() <= 5) {
            for (int i = 0; i < stated.length(); i++) {
                char digit = stated.charAt(i);
                if (digit < '0' || digit > '9') {
                    columns = 0;
                    break;
                }
                columns = columns * 10 + digit - '0';
            }
        }
        if (columns > 0) {
            return Math.min(columns, MOST_COLUMNS);
        }
        return System.console() == null ? 0 : 80;
    }

    /** Why the socket cannot be opened. Asks the file, as the text of the error is in the user&apos;s language. */
    private static int unreachable(Path socket, SocketException failure, OutputStream err) throws IOException {
        try {
            socket.getFileSystem().provider().checkAccess(socket, AccessMode.WRITE);
        } catch (NoSuchFileException e) {
            return NO_DAEMON;
        } catch (AccessDeniedException e) {
            complain(err, "not allowed to open ".concat(socket.toString()));
            return NOT_ALLOWED;
        }
        throw failure;
    }

    private static int converse(SocketChannel channel, ByteBuffer request, OutputStream out, OutputStream err)
            throws IOException {
        IOException unsent = null;
        try {
            while (request.hasRemaining()) {
                channel.write(request);
            }
        } catch (IOException e) {
            unsent = e; // perhaps the daemon refused before it had read all: its reason is still to be read
        }
        try {
            return answer(channel, out, err);
        } catch (IOException e) {
            if (unsent != null) {
                e.addSuppressed(unsent);
            }
            throw e;
        }
    }

    private static int answer(SocketChannel channel, OutputStream out, OutputStream err) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);
        need(channel, buffer, 1);
        if ((buffer.get() & 0xFF) != VERSION) {
            complain(err, "the daemon speaks another version of the protocol: restart it after an upgrade");
            return UNAVAILABLE;
        }
        while (true) {
            need(channel, buffer, 5);
            byte type = buffer.get();
            int length = buffer.getInt();
            if (type == END && length == 4) {
                need(channel, buffer, 4);
                return buffer.getInt();
            }
            if ((type != OUT && type != ERR) || length < 0 || length > MOST_BYTES) {
                throw new ProtocolException("the daemon's answer makes no sense");
            }
            OutputStream to = type == OUT ? out : err;
            while (length > 0) {
                need(channel, buffer, 1);
                int part = Math.min(length, buffer.remaining());
                to.write(buffer.array(), buffer.position(), part);
                buffer.position(buffer.position() + part);
                length -= part;
            }
            to.flush();
        }
    }

    /** Waits until {@code buffer} holds at least {@code bytes} more to read. */
    private static void need(SocketChannel channel, ByteBuffer buffer, int bytes) throws IOException {
        if (buffer.remaining() >= bytes) {
            return;
        }
        buffer.compact();
        while (buffer.position() < bytes) {
            int read;
            try {
                read = channel.read(buffer);
            } catch (SocketException e) {
                throw hungUp(e);
            }
            if (read < 0) {
                throw hungUp(null);
            }
        }
        buffer.flip();
    }

    private static IOException hungUp(@Nullable SocketException cause) {
        return new IOException("the daemon hung up before the command was done", cause);
    }

    private static void complain(OutputStream err, String what) throws IOException {
        err.write("postbane: ".concat(what).concat("\n").getBytes(StandardCharsets.UTF_8));
        err.flush();
    }
}
