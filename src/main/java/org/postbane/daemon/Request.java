package org.postbane.daemon;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a client of the control socket asks for: the words of a command. Its bytes are described in {@code
 * org.postbane.client.Client}; both ends state the limits for themselves, as neither trusts the other.
 *
 * @param columns width of the terminal, 0 to 65535; 0 when standard output is none
 */
record Request(List<String> args, int columns) {

    static final int MOST_WORDS = 1024;
    static final int MOST_BYTES = 64 * 1024;

    Request {
        args = List.copyOf(args);
    }

    /**
     * Reads what follows the version byte. Holds at most 64 KiB, whatever the client claims.
     *
     * @throws ProtocolException the request is beyond a limit or no UTF-8; the message says which
     * @throws IOException the request ended early or the connection failed
     */
    static Request read(DataInputStream in) throws IOException {
        int columns = in.readUnsignedShort();
        int count = in.readUnsignedShort();
        if (count > MOST_WORDS) {
            throw new ProtocolException("more than " + MOST_WORDS + " words");
        }
        List<String> args = new ArrayList<>(count);
        int left = MOST_BYTES;
        for (int i = 0; i < count; i++) {
            int length = in.readInt();
            if (length < 0 || length > left) {
                throw new ProtocolException("more than " + MOST_BYTES + " bytes");
            }
            left -= length;
            byte[] word = new byte[length];
            in.readFully(word);
            args.add(text(word));
        }
        return new Request(args, columns);
    }

    private static String text(byte[] word) throws ProtocolException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(word))
                    .toString();
        } catch (CharacterCodingException e) {
            ProtocolException refusal = new ProtocolException("a word is no UTF-8");
            refusal.initCause(e);
            throw refusal;
        }
    }
}
