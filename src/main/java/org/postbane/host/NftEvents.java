package org.postbane.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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

    private static final int NFT_MSG_NEWGEN = 15;
    private static final int NFT_MSG_GETGEN = 16;
    /** The table's name in all messages but those of a generation, where it is the number. */
    private static final int FIRST_ATTRIBUTE = 1;

    private static final int BUFFER = 1 << 16;

    private final Netlink events;
    private final Netlink questions;
    private final ByteBuffer in = Netlink.buffer(BUFFER);
    private final ByteBuffer question = Netlink.buffer(Netlink.HEADER + Netlink.FAMILY_HEADER);
    private boolean perhaps;

    private NftEvents(Netlink events, Netlink questions) {
        this.events = events;
        this.questions = questions;
        question.putInt(question.capacity());
        question.putShort((short) (Netlink.NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN));
        question.putShort(Netlink.NLM_F_REQUEST);
        question.clear(); // the rest is zero
    }

    /** Empty where there is no JNA for this machine. */
    public static Optional<NftEvents> open() throws IOException {
        Netlink events;
        try {
            events = Netlink.open();
        } catch (LinkageError e) {
            return Optional.empty();
        }
        try {
            events.listen(true);
            return Optional.of(new NftEvents(events, Netlink.open()));
        } catch (IOException e) {
            events.close();
            throw e;
        }
    }

    /** Runs a transaction of ours, of which nothing will be seen. */
    public void own(Transaction transaction) throws IOException {
        int before = generation();
        events.listen(false);
        boolean done = false;
        try {
            transaction.run();
            done = true;
        } finally {
            events.listen(true);
            int after = generation();
            perhaps |= after != before + (done ? 1 : 0);
        }
    }

    /** What others did to the table of family inet since the last call. */
    public Seen look(String table) throws IOException {
        Seen seen = perhaps ? Seen.PERHAPS : Seen.NOTHING;
        perhaps = false;
        byte[] name = (table + '\0').getBytes(StandardCharsets.US_ASCII);
        for (int length = events.receive(in); length != Netlink.NOTHING; length = events.receive(in)) {
            if (length == Netlink.LOST) {
                forget();
                return Seen.CHANGED;
            }
            if (names(name, length)) {
                seen = Seen.CHANGED;
            }
        }
        return seen;
    }

    /** Passes over what happened until now. */
    public void forget() throws IOException {
        perhaps = false;
        int length = 0;
        while (length != Netlink.NOTHING) {
            length = events.receive(in);
        }
    }

    private boolean names(byte[] table, int length) {
        int attribute = Netlink.HEADER + Netlink.FAMILY_HEADER;
        for (int at = 0; at + attribute + Netlink.ATTRIBUTE_HEADER <= length; at += aligned(in.getInt(at))) {
            int size = in.getInt(at);
            if (size < Netlink.HEADER || at + size > length) {
                return true; // cut: nobody knows what else was in it
            }
            boolean first = in.getShort(at + 4) >> 8 == Netlink.NFNL_SUBSYS_NFTABLES
                    && (in.getShort(at + 4) & 0xff) != NFT_MSG_NEWGEN
                    && in.get(at + Netlink.HEADER) == Netlink.NFPROTO_INET
                    && in.getShort(at + attribute + 2) == FIRST_ATTRIBUTE;
            int from = at + attribute + Netlink.ATTRIBUTE_HEADER;
            int to = at + attribute + in.getShort(at + attribute);
            if (first
                    && to <= length
                    && to - from == table.length
                    && in.slice(from, table.length).equals(ByteBuffer.wrap(table))) {
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
        questions.send(question);
        int length = questions.receive(in);
        int attribute = Netlink.HEADER + Netlink.FAMILY_HEADER;
        if (length < attribute + Netlink.ATTRIBUTE_HEADER + Integer.BYTES
                || (in.getShort(4) & 0xff) != NFT_MSG_NEWGEN
                || in.getShort(attribute + 2) != FIRST_ATTRIBUTE) {
            throw new IOException("nftables tells no number of its generation");
        }
        int number = in.order(ByteOrder.BIG_ENDIAN).getInt(attribute + Netlink.ATTRIBUTE_HEADER);
        in.order(ByteOrder.nativeOrder());
        return number;
    }

    @Override
    public void close() {
        events.close();
        questions.close();
    }
}
