package org.postbane.host;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * What others do to the kernel's packet filter: the events that {@code nft monitor} shows (linux/netfilter/nf_tables.h), but not
 * those of our own transactions, which are run by {@link #own}. The end of an element's time is no event.
 *
 * <p>Our own events are not read and passed over but never made: the socket leaves the group while our transaction runs, as a
 * million elements would overflow it. What others do in that moment shows in the number of the ruleset's generation, which
 * each transaction raises by one.
 *
 * <p>Threads: one at a time; in the network namespace of the thread that opened it. Memory: up to 4 MiB in the kernel. Costs six
 * system calls for each transaction, one for each look at nothing.
 */
public final class NftEvents implements AutoCloseable {

    /** What has happened since the last look. */
    public enum Seen {
        NOTHING,
        /** A transaction of others ran together with ours; whether on our table is not known. */
        PERHAPS,
        /** Others have changed our table, or so many things that the events did not find room. */
        CHANGED
    }

    /** A transaction of ours. */
    @FunctionalInterface
    public interface Transaction {
        void run() throws IOException;
    }

    private static final int NFNL_SUBSYS_NFTABLES = 10;
    private static final int NFT_MSG_NEWGEN = 15;
    private static final int NFT_MSG_GETGEN = 16;
    private static final byte NFPROTO_INET = 1;
    private static final int NLM_F_REQUEST = 1;
    /** struct nlmsghdr, then struct nfgenmsg, whose first byte is the family. */
    private static final int HEADER = 16;

    private static final int FAMILY_HEADER = 4;
    private static final int ATTRIBUTE_HEADER = 4;
    /** The table's name in all messages but those of a generation, where it is the number. */
    private static final int FIRST_ATTRIBUTE = 1;

    private static final int BUFFER = 1 << 16;
    private static final int KERNEL_BUFFER = 1 << 22;

    private final int events;
    private final int questions;
    private final byte[] buffer = new byte[BUFFER];
    private boolean perhaps;

    private NftEvents(int events, int questions) {
        this.events = events;
        this.questions = questions;
    }

    /** Empty where there is no JNA for this machine. */
    public static Optional<NftEvents> open() throws IOException {
        try {
            NftEvents opened = new NftEvents(Libc.netlink(), Libc.netlink());
            opened.join(true);
            return Optional.of(opened);
        } catch (LinkageError e) {
            return Optional.empty();
        } catch (LastErrorException e) {
            throw new IOException("no netlink socket for nftables' events: " + e.getMessage(), e);
        }
    }

    /** Runs a transaction of ours, of which nothing will be seen. */
    public void own(Transaction transaction) throws IOException {
        int before = generation();
        join(false);
        boolean done = false;
        try {
            transaction.run();
            done = true;
        } finally {
            join(true);
            int after = generation();
            perhaps |= after != before + (done ? 1 : 0);
        }
    }

    /** What others did to the table of family inet since the last call. */
    public Seen look(String table) throws IOException {
        Seen seen = perhaps ? Seen.PERHAPS : Seen.NOTHING;
        perhaps = false;
        byte[] name = (table + '\0').getBytes(StandardCharsets.US_ASCII);
        try {
            for (int length = receive(); length >= 0; length = receive()) {
                if (names(name, length)) {
                    seen = Seen.CHANGED;
                }
            }
        } catch (LastErrorException e) {
            if (e.getErrorCode() != Libc.ENOBUFS) {
                throw new IOException("events of nftables: " + e.getMessage(), e);
            }
            forget();
            return Seen.CHANGED;
        }
        return seen;
    }

    /** Passes over what happened until now. */
    public void forget() throws IOException {
        perhaps = false;
        while (true) {
            try {
                if (receive() < 0) {
                    return;
                }
            } catch (LastErrorException e) {
                if (e.getErrorCode() != Libc.ENOBUFS) {
                    throw new IOException("events of nftables: " + e.getMessage(), e);
                }
            }
        }
    }

    /** Length of the next datagram in the buffer; -1 if there is none. */
    private int receive() {
        try {
            return Libc.recv(events, buffer, new NativeLong(BUFFER), Libc.MSG_DONTWAIT)
                    .intValue();
        } catch (LastErrorException e) {
            if (e.getErrorCode() == Libc.EAGAIN) {
                return -1;
            }
            throw e;
        }
    }

    private boolean names(byte[] table, int length) {
        ByteBuffer in = ByteBuffer.wrap(buffer, 0, length).order(ByteOrder.nativeOrder());
        int attribute = HEADER + FAMILY_HEADER;
        for (int at = 0; at + attribute + ATTRIBUTE_HEADER <= length; at += aligned(in.getInt(at))) {
            int size = in.getInt(at);
            if (size < HEADER || at + size > length) {
                return true; // cut: nobody knows what else was in it
            }
            boolean first = in.getShort(at + 4) >> 8 == NFNL_SUBSYS_NFTABLES
                    && (in.getShort(at + 4) & 0xff) != NFT_MSG_NEWGEN
                    && in.get(at + HEADER) == NFPROTO_INET
                    && in.getShort(at + attribute + 2) == FIRST_ATTRIBUTE;
            int from = at + attribute + ATTRIBUTE_HEADER;
            int to = at + attribute + in.getShort(at + attribute);
            if (first && to <= length && Arrays.equals(buffer, from, to, table, 0, table.length)) {
                return true;
            }
        }
        return false;
    }

    private static int aligned(int length) {
        return length + 3 & ~3;
    }

    /** The number of the ruleset's generation. */
    private int generation() throws IOException {
        ByteBuffer request = ByteBuffer.allocate(HEADER + FAMILY_HEADER).order(ByteOrder.nativeOrder());
        request.putInt(request.capacity());
        request.putShort((short) (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN));
        request.putShort((short) NLM_F_REQUEST);
        byte[] answer = new byte[1024];
        try {
            Libc.send(questions, request.array(), new NativeLong(request.capacity()), 0);
            int length = Libc.recv(questions, answer, new NativeLong(answer.length), 0)
                    .intValue();
            ByteBuffer in = ByteBuffer.wrap(answer).order(ByteOrder.nativeOrder());
            int attribute = HEADER + FAMILY_HEADER;
            if (length < attribute + ATTRIBUTE_HEADER + Integer.BYTES
                    || (in.getShort(4) & 0xff) != NFT_MSG_NEWGEN
                    || in.getShort(attribute + 2) != FIRST_ATTRIBUTE) {
                throw new IOException("nftables tells no number of its generation");
            }
            return in.order(ByteOrder.BIG_ENDIAN).getInt(attribute + ATTRIBUTE_HEADER);
        } catch (LastErrorException e) {
            throw new IOException("number of nftables' generation: " + e.getMessage(), e);
        }
    }

    private void join(boolean in) throws IOException {
        try {
            Libc.membership(events, in);
        } catch (LastErrorException e) {
            throw new IOException("events of nftables: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        Libc.close(events);
        Libc.close(questions);
    }

    /** The system calls. */
    private static final class Libc {

        static final int EAGAIN = 11;
        static final int ENOBUFS = 105;
        static final int MSG_DONTWAIT = 0x40;
        private static final int AF_NETLINK = 16;
        private static final int SOCK_RAW = 3;
        private static final int SOCK_CLOEXEC = 02000000;
        private static final int NETLINK_NETFILTER = 12;
        private static final int SOL_SOCKET = 1;
        private static final int SO_RCVBUFFORCE = 33;
        private static final int SO_RCVBUF = 8;
        private static final int SOL_NETLINK = 270;
        private static final int NETLINK_ADD_MEMBERSHIP = 1;
        private static final int NETLINK_DROP_MEMBERSHIP = 2;
        private static final int NFNLGRP_NFTABLES = 7;
        /** struct sockaddr_nl. */
        private static final int ADDRESS = 12;

        static {
            Native.register(Libc.class, NativeLibrary.getInstance("c"));
        }

        private Libc() {}

        static int netlink() {
            int made = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
            byte[] address = ByteBuffer.allocate(ADDRESS)
                    .order(ByteOrder.nativeOrder())
                    .putShort((short) AF_NETLINK)
                    .array();
            bind(made, address, ADDRESS);
            try {
                setsockopt(made, SOL_SOCKET, SO_RCVBUFFORCE, number(KERNEL_BUFFER), Integer.BYTES);
            } catch (LastErrorException e) { // in a container perhaps: as much as is allowed
                setsockopt(made, SOL_SOCKET, SO_RCVBUF, number(KERNEL_BUFFER), Integer.BYTES);
            }
            return made;
        }

        static void membership(int socket, boolean in) {
            int option = in ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP;
            setsockopt(socket, SOL_NETLINK, option, number(NFNLGRP_NFTABLES), Integer.BYTES);
        }

        private static byte[] number(int value) {
            return ByteBuffer.allocate(Integer.BYTES)
                    .order(ByteOrder.nativeOrder())
                    .putInt(value)
                    .array();
        }

        static native int socket(int family, int type, int protocol) throws LastErrorException;

        static native int bind(int socket, byte[] address, int length) throws LastErrorException;

        static native int setsockopt(int socket, int level, int option, byte[] value, int length)
                throws LastErrorException;

        static native NativeLong send(int socket, byte[] data, NativeLong length, int flags) throws LastErrorException;

        static native NativeLong recv(int socket, byte[] data, NativeLong length, int flags) throws LastErrorException;

        static native int close(int socket);
    }
}
