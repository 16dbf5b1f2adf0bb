package org.postbane.host;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A socket to the kernel's packet filter (netlink(7), linux/netfilter/nfnetlink.h), by JNA. The kernel answers a message before
 * its sending is over, so nothing here waits.
 *
 * <p>Threads: one at a time; in the network namespace of the thread that opened it.
 */
final class Netlink implements AutoCloseable {

    /** {@link #receive}: nothing is there. */
    static final int NOTHING = -1;

    /** {@link #receive}: something found no room in the kernel's buffer, and is lost. */
    static final int LOST = -2;

    /** Of errors: there is no such thing. */
    static final int ENOENT = 2;

    static final int NFNL_SUBSYS_NFTABLES = 10;
    static final byte NFPROTO_INET = 1;
    static final short NLM_F_REQUEST = 1;

    /** struct nlmsghdr (length, type, flags, number, port), then struct nfgenmsg, whose first byte is the family. */
    static final int HEADER = 16;

    static final int FAMILY_HEADER = 4;

    /** struct nlattr: length with this header, type. */
    static final int ATTRIBUTE_HEADER = 4;

    private static final int KERNEL_BUFFER = 1 << 22;

    private final int descriptor;

    private Netlink(int descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Opens one, with buffers as large as is allowed, up to 4 MiB.
     *
     * @throws LinkageError there is no JNA for this machine
     */
    static Netlink open() throws IOException {
        Netlink made;
        try {
            made = new Netlink(Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, Libc.NETLINK_NETFILTER));
        } catch (LastErrorException e) {
            throw new IOException("no netlink socket for nftables: " + e.getMessage(), e);
        }
        try {
            made.enlarge(Libc.SO_RCVBUFFORCE, Libc.SO_RCVBUF);
            made.enlarge(Libc.SO_SNDBUFFORCE, Libc.SO_SNDBUF);
            byte[] address = ByteBuffer.allocate(Libc.ADDRESS)
                    .order(ByteOrder.nativeOrder())
                    .putShort((short) Libc.AF_NETLINK)
                    .array();
            Libc.bind(made.descriptor, address, Libc.ADDRESS);
            return made;
        } catch (LastErrorException e) {
            made.close();
            throw new IOException("no netlink socket for nftables: " + e.getMessage(), e);
        }
    }

    private void enlarge(int forced, int asked) {
        try {
            option(Libc.SOL_SOCKET, forced, KERNEL_BUFFER);
        } catch (LastErrorException e) { // in a container perhaps: as much as is allowed
            option(Libc.SOL_SOCKET, asked, KERNEL_BUFFER);
        }
    }

    private void option(int level, int name, int value) {
        byte[] number = ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array();
        Libc.setsockopt(descriptor, level, name, number, Integer.BYTES);
    }

    /** A buffer for {@link #send} and {@link #receive}. */
    static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    /** Whether events of nftables (group NFNLGRP_NFTABLES) come to this socket. */
    void listen(boolean in) throws IOException {
        try {
            option(
                    Libc.SOL_NETLINK,
                    in ? Libc.NETLINK_ADD_MEMBERSHIP : Libc.NETLINK_DROP_MEMBERSHIP,
                    Libc.NFNLGRP_NFTABLES);
        } catch (LastErrorException e) {
            throw new IOException("events of nftables: " + e.getMessage(), e);
        }
    }

    /** Errors are told without the message that they are about. */
    void capAnswers() throws IOException {
        try {
            option(Libc.SOL_NETLINK, Libc.NETLINK_CAP_ACK, 1);
        } catch (LastErrorException e) {
            throw new IOException("netlink: " + e.getMessage(), e);
        }
    }

    /** @param message from its position, which stays, to its limit */
    void send(ByteBuffer message) throws IOException {
        if (Libc.send(descriptor, message, new NativeLong(message.remaining()), 0)
                        .longValue()
                < 0) {
            throw new IOException("netlink: " + reason(Native.getLastError()));
        }
    }

    /**
     * Takes the next datagram, from the buffer's beginning to its limit.
     *
     * @return its length, {@link #NOTHING} or {@link #LOST}
     */
    int receive(ByteBuffer into) throws IOException {
        into.clear();
        int length = Libc.recv(descriptor, into, new NativeLong(into.capacity()), Libc.MSG_DONTWAIT)
                .intValue();
        if (length < 0) { // no exception: this is the answer of nearly all looks
            int error = Native.getLastError();
            if (error == Libc.EAGAIN) {
                return NOTHING;
            }
            if (error == Libc.ENOBUFS) {
                return LOST;
            }
            throw new IOException("netlink: " + reason(error));
        }
        into.limit(length);
        return length;
    }

    /** What the number of an error means, in words. */
    static String reason(int error) {
        return Libc.strerror(error);
    }

    @Override
    public void close() {
        Libc.close(descriptor);
    }

    /** The system calls. */
    private static final class Libc {

        static final int EAGAIN = 11;
        static final int ENOBUFS = 105;
        static final int MSG_DONTWAIT = 0x40;
        static final int AF_NETLINK = 16;
        static final int SOCK_RAW = 3;
        static final int SOCK_CLOEXEC = 02000000;
        static final int NETLINK_NETFILTER = 12;
        static final int SOL_SOCKET = 1;
        static final int SO_SNDBUF = 7;
        static final int SO_RCVBUF = 8;
        static final int SO_SNDBUFFORCE = 32;
        static final int SO_RCVBUFFORCE = 33;
        static final int SOL_NETLINK = 270;
        static final int NETLINK_ADD_MEMBERSHIP = 1;
        static final int NETLINK_DROP_MEMBERSHIP = 2;
        static final int NETLINK_CAP_ACK = 10;
        static final int NFNLGRP_NFTABLES = 7;
        /** struct sockaddr_nl. */
        static final int ADDRESS = 12;

        static {
            Native.register(Libc.class, NativeLibrary.getInstance("c"));
        }

        private Libc() {}

        static native int socket(int family, int type, int protocol) throws LastErrorException;

        static native int bind(int socket, byte[] address, int length) throws LastErrorException;

        static native int setsockopt(int socket, int level, int option, byte[] value, int length)
                throws LastErrorException;

        static native NativeLong send(int socket, Buffer data, NativeLong length, int flags);

        static native NativeLong recv(int socket, Buffer data, NativeLong length, int flags);

        static native String strerror(int error);

        static native int close(int socket);
    }
}
