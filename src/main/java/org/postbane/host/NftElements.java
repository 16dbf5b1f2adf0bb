package org.postbane.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Puts elements into sets of the kernel's packet filter and takes them out, in the kernel's own words
 * (linux/netfilter/nf_tables.h). libnftables asks for all tables, chains and sets anew before each transaction, which costs ten
 * times as much as one ban.
 *
 * <p>Threads: one at a time; in the network namespace of the thread that made it. Memory: {@value #MOST} bytes outside the
 * heap.
 */
final class NftElements implements AutoCloseable {

    /** Of one transaction: less than what an ordinary user's socket can send at once. */
    private static final int MOST = 1 << 18;

    /** Of an element: two nests, the value with its header, the end. */
    private static final int ELEMENT = 4 + 4 + 4 + 16 + 12;

    /** Elements in one message: the length of an attribute has 16 bits. */
    private static final int PER_MESSAGE = 1000;

    /** Of a message but for its elements: two headers, two names, the list. */
    private static final int FRAME = 1024;

    // places in a message's header
    private static final int TYPE = 4;
    private static final int FLAGS = 6;
    private static final int NUMBER = 8;

    private static final short NFNL_MSG_BATCH_BEGIN = 16;
    private static final short NFNL_MSG_BATCH_END = 17;
    private static final short NFT_MSG_NEWSETELEM = Netlink.NFNL_SUBSYS_NFTABLES << 8 | 12;
    private static final short NFT_MSG_GETSETELEM = Netlink.NFNL_SUBSYS_NFTABLES << 8 | 13;
    private static final short NFT_MSG_DELSETELEM = Netlink.NFNL_SUBSYS_NFTABLES << 8 | 14;
    private static final short NLMSG_ERROR = 2;
    private static final short NLM_F_ACK = 4;
    private static final short NLM_F_CREATE = 0x400;
    private static final short NLA_F_NESTED = (short) (1 << 15);
    private static final short NFTA_SET_ELEM_LIST_TABLE = 1;
    private static final short NFTA_SET_ELEM_LIST_SET = 2;
    private static final short NFTA_SET_ELEM_LIST_ELEMENTS = 3;
    private static final short NFTA_LIST_ELEM = 1;
    private static final short NFTA_SET_ELEM_KEY = 1;
    private static final short NFTA_SET_ELEM_TIMEOUT = 4;
    private static final short NFTA_DATA_VALUE = 1;

    private final Netlink socket;
    private final ByteBuffer out = Netlink.buffer(MOST);
    private final ByteBuffer in = Netlink.buffer(1 << 10);
    /** Of the last message. */
    private int number;

    /** Where the last message of elements begins; -1 if there is none. */
    private int last;

    NftElements() throws IOException {
        socket = Netlink.open();
        try {
            socket.capAnswers();
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Whether one transaction can do so much. */
    static boolean fits(List<NftElement> gone, List<NftElement> there) {
        return 2 * bytes(gone) + bytes(there) + FRAME <= MOST;
    }

    private static long bytes(List<NftElement> elements) {
        long bytes = 0;
        String set = "";
        for (int i = 0; i < elements.size(); i++) {
            boolean begins = i % PER_MESSAGE == 0 || !elements.get(i).set().equals(set);
            bytes += begins ? FRAME + ELEMENT : ELEMENT;
            set = elements.get(i).set();
        }
        return bytes;
    }

    /** As {@link Nft#change}. */
    void change(String table, List<NftElement> gone, List<NftElement> there) throws IOException {
        out.clear();
        last = -1;
        batch(NFNL_MSG_BATCH_BEGIN);
        elements(NFT_MSG_NEWSETELEM, table, gone);
        elements(NFT_MSG_DELSETELEM, table, gone);
        elements(NFT_MSG_NEWSETELEM, table, there);
        if (last < 0) {
            return;
        }
        int asked = last;
        out.putShort(asked + FLAGS, (short) (out.getShort(asked + FLAGS) | NLM_F_ACK));
        batch(NFNL_MSG_BATCH_END);
        socket.send(out.flip());
        answers(out.getInt(asked + NUMBER), table);
    }

    private void batch(short type) {
        int start = header(type, Netlink.NLM_F_REQUEST, (byte) 0);
        // the subsystem, in network order
        out.order(ByteOrder.BIG_ENDIAN).putShort(start + Netlink.HEADER + 2, (short) Netlink.NFNL_SUBSYS_NFTABLES);
        out.order(ByteOrder.nativeOrder());
        close(start);
    }

    private void elements(short type, String table, List<NftElement> elements) {
        int from = 0;
        for (int to = 1; to <= elements.size(); to++) {
            boolean ends = to == elements.size()
                    || to == from + PER_MESSAGE
                    || !elements.get(to).set().equals(elements.get(from).set());
            if (ends) {
                message(type, table, elements.subList(from, to));
                from = to;
            }
        }
    }

    /** Elements of one set. */
    private void message(short type, String table, List<NftElement> elements) {
        int flags = Netlink.NLM_F_REQUEST | (type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
        last = header(type, (short) flags, Netlink.NFPROTO_INET);
        name(NFTA_SET_ELEM_LIST_TABLE, table);
        name(NFTA_SET_ELEM_LIST_SET, elements.get(0).set());
        int list = begin(NFTA_SET_ELEM_LIST_ELEMENTS);
        elements.forEach(this::element);
        end(list);
        close(last);
    }

    private void element(NftElement element) {
        int nest = begin(NFTA_LIST_ELEM);
        int key = begin(NFTA_SET_ELEM_KEY);
        byte[] address = element.address().getAddress();
        attribute(NFTA_DATA_VALUE, address.length);
        out.put(address);
        end(key);
        if (element.seconds() > 0) {
            attribute(NFTA_SET_ELEM_TIMEOUT, Long.BYTES);
            out.order(ByteOrder.BIG_ENDIAN).putLong(element.seconds() * 1000).order(ByteOrder.nativeOrder());
        }
        end(nest);
    }

    private int header(short type, short flags, byte family) {
        int start = out.position();
        out.putInt(0).putShort(type).putShort(flags).putInt(++number).putInt(0);
        out.put(family).put((byte) 0).putShort((short) 0);
        return start;
    }

    private void close(int start) {
        out.putInt(start, out.position() - start);
    }

    private void attribute(short type, int length) {
        out.putShort((short) (Netlink.ATTRIBUTE_HEADER + length)).putShort(type);
    }

    private void name(short type, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        attribute(type, bytes.length + 1);
        out.put(bytes);
        do {
            out.put((byte) 0); // the end of the name, then to the next multiple of four
        } while (out.position() % 4 != 0);
    }

    private int begin(short type) {
        int start = out.position();
        attribute((short) (type | NLA_F_NESTED), 0);
        return start;
    }

    private void end(int start) {
        out.putShort(start, (short) (out.position() - start));
    }

    /** Whether the set has it; false also where there is no such set. */
    boolean has(String table, NftElement element) throws IOException {
        out.clear();
        message(NFT_MSG_GETSETELEM, table, List.of(element));
        socket.send(out.flip());
        int length = socket.receive(in);
        if (length >= Netlink.HEADER && in.getShort(TYPE) == NFT_MSG_NEWSETELEM) {
            return true;
        }
        if (length < Netlink.HEADER + Integer.BYTES || in.getShort(TYPE) != NLMSG_ERROR) {
            throw new IOException("elements of table inet %s: the kernel gives no answer".formatted(table));
        }
        int error = -in.getInt(Netlink.HEADER);
        if (error != Netlink.ENOENT) {
            throw new IOException("elements of table inet %s: %s".formatted(table, Netlink.reason(error)));
        }
        return false;
    }

    /** Each error is an answer, and that to message number {@code asked}, whatever it is, comes last. */
    private void answers(int asked, String table) throws IOException {
        int error = 0;
        int answered = 0;
        while (answered != asked
                || error != 0) { // after an error all is read, so that nothing is left for the next time
            int length = socket.receive(in);
            if (length == Netlink.NOTHING && error != 0) {
                throw new IOException("elements of table inet %s: %s".formatted(table, Netlink.reason(error)));
            }
            if (length < Netlink.HEADER + Integer.BYTES || in.getShort(TYPE) != NLMSG_ERROR) {
                throw new IOException("elements of table inet %s: the kernel gives no answer".formatted(table));
            }
            error = error == 0 ? -in.getInt(Netlink.HEADER) : error;
            answered = in.getInt(NUMBER);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
