package org.postbane.host;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A Unix socket of datagrams that anybody may write to, as {@code /dev/log} is; Java has none, so by JNA. With each datagram
 * the kernel says which user sent it (SO_PASSCRED, unix(7)).
 *
 * <p>One thread. File descriptors that a sender attaches are not taken: there is no room for them. Memory: one buffer.
 *
 * <p>Known shortcomings: Linux on 64-bit machines only.
 */
public final class UnixDatagrams implements AutoCloseable {

    private static final int MOST = 64 * 1024;

    // <sys/socket.h> and <errno.h> of Linux
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 02000000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PASSCRED = 16;
    private static final int SO_RCVTIMEO = 20;
    private static final int SCM_CREDENTIALS = 2;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int EINTR = 4;
    private static final int EAGAIN = 11;
    private static final int ECONNREFUSED = 111;

    private static final int ADDRESS = 110; // sockaddr_un: a short, 108 bytes of path
    private static final int CONTROL = 32; // one cmsghdr of 16 bytes and ucred of 12, rounded up; not one byte more
    private static final int HEADER = 56; // msghdr

    private final int descriptor;
    private final Path path;
    private final Memory buffer = new Memory(MOST);
    private final Memory control = new Memory(CONTROL);
    private final Memory vector = new Memory(16);
    private final Memory header = new Memory(HEADER);
    private final byte[] bytes = new byte[MOST];
    private long uid = -1;
    private boolean closed;

    private UnixDatagrams(int descriptor, Path path) {
        this.descriptor = descriptor;
        this.path = path;
        vector.setPointer(0, buffer);
        vector.setLong(8, MOST);
    }

    /**
     * Makes the socket, writable for all, in the place of one that nobody listens to any more.
     *
     * @throws IOException somebody listens there, or it cannot be made
     */
    public static UnixDatagrams bind(Path path) throws IOException {
        if (!Platform.isLinux() || Native.POINTER_SIZE != Long.BYTES) {
            throw new IOException("Unix datagrams need Linux on a 64-bit machine; unix-stream: does without");
        }
        int descriptor = -1;
        try {
            StaleSocket.remove(path, () -> answers(path));
            descriptor = Libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
            Memory value = new Memory(16);
            value.setInt(0, 1);
            Libc.setsockopt(descriptor, SOL_SOCKET, SO_PASSCRED, value, Integer.BYTES);
            value.setLong(0, 1); // a second, so that the thread sees that it is to end
            value.setLong(8, 0);
            Libc.setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, value, 16);
            Libc.bind(descriptor, address(path), ADDRESS);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw-rw-"));
            return new UnixDatagrams(descriptor, path);
        } catch (LastErrorException e) {
            closeQuietly(descriptor);
            throw new IOException(e.getMessage(), e);
        } catch (IOException e) {
            closeQuietly(descriptor);
            throw e;
        }
    }

    /** Whether somebody has the socket. */
    private static boolean answers(Path path) throws IOException {
        int probe = Libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        try {
            Libc.connect(probe, address(path), ADDRESS);
            return true;
        } catch (LastErrorException e) {
            if (e.getErrorCode() == ECONNREFUSED) {
                return false;
            }
            throw new IOException(e.getMessage(), e);
        } finally {
            closeQuietly(probe);
        }
    }

    private static Memory address(Path path) {
        Memory address = new Memory(ADDRESS);
        address.clear();
        address.setShort(0, (short) AF_UNIX);
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        address.write(2, name, 0, Math.min(name.length, ADDRESS - 3));
        return address;
    }

    /**
     * Sends one datagram to somebody else's socket, without waiting.
     *
     * @param socket a path, or {@code @name} for one of Linux's that are in no file system (unix(7))
     */
    public static void send(String socket, byte[] message) throws IOException {
        if (!Platform.isLinux() || Native.POINTER_SIZE != Long.BYTES) {
            throw new IOException("Unix datagrams need Linux on a 64-bit machine");
        }
        byte[] name = socket.getBytes(StandardCharsets.UTF_8);
        if (name.length > ADDRESS - 3) {
            throw new IOException("the name is too long for a socket");
        }
        int length = 2 + name.length;
        Memory address = new Memory(ADDRESS);
        address.clear();
        address.setShort(0, (short) AF_UNIX);
        address.write(2, name, 0, name.length);
        if (name[0] == '@') {
            address.setByte(2, (byte) 0);
        } else {
            length++;
        }
        Memory content = new Memory(message.length);
        content.write(0, message, 0, message.length);
        int descriptor = -1;
        try {
            descriptor = Libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
            Libc.sendto(descriptor, content, message.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, length);
        } catch (LastErrorException e) {
            throw new IOException(e.getMessage(), e);
        } catch (LinkageError e) { // no JNA for this machine
            throw new IOException("the C library cannot be called: " + e.getMessage(), e);
        } finally {
            closeQuietly(descriptor);
        }
    }

    private static void closeQuietly(int descriptor) {
        if (descriptor >= 0) {
            Libc.close(descriptor);
        }
    }

    /** Waits a second at most for a datagram; its bytes are then in {@link #bytes}, 0 if none came. Longer ones are cut. */
    public int receive() throws IOException {
        header.clear();
        header.setPointer(16, vector);
        header.setLong(24, 1);
        header.setPointer(32, control);
        header.setLong(40, CONTROL);
        control.clear();
        try {
            int length = (int) Libc.recvmsg(descriptor, header, 0);
            uid = header.getLong(40) >= 28 && control.getInt(8) == SOL_SOCKET && control.getInt(12) == SCM_CREDENTIALS
                    ? control.getInt(20) & 0xffff_ffffL
                    : -1;
            buffer.read(0, bytes, 0, length);
            return length;
        } catch (LastErrorException e) {
            if (e.getErrorCode() == EAGAIN || e.getErrorCode() == EINTR) {
                return 0;
            }
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Of the last datagram; valid until the next one. */
    public byte[] bytes() {
        return bytes;
    }

    /** The user who sent the last datagram; -1 if not known. */
    public long uid() {
        return uid;
    }

    /** Takes the socket's name away too. Not while another thread is in {@link #receive}. */
    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            closeQuietly(descriptor);
            Files.deleteIfExists(path);
        }
    }

    /** The functions that Java has none for. */
    private static final class Libc {

        static {
            Native.register(Libc.class, NativeLibrary.getInstance("c"));
        }

        private Libc() {}

        static native int socket(int family, int type, int protocol) throws LastErrorException;

        static native int setsockopt(int descriptor, int level, int option, Pointer value, int length)
                throws LastErrorException;

        static native int bind(int descriptor, Pointer address, int length) throws LastErrorException;

        static native int connect(int descriptor, Pointer address, int length) throws LastErrorException;

        static native long recvmsg(int descriptor, Pointer header, int flags) throws LastErrorException;

        static native long sendto(
                int descriptor, Pointer message, long length, int flags, Pointer address, int addressLength)
                throws LastErrorException;

        static native int close(int descriptor);
    }
}
