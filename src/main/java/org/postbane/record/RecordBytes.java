package org.postbane.record;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Origin;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;

/**
 * A message as bytes, for the outbox. Texts are cut after {@value #MOST_TEXT} characters, and recipients left out that would make
 * it larger than {@value #MOST_BYTES} bytes.
 */
final class RecordBytes {

    private static final int VERSION = 1;
    static final int MOST_TEXT = 1000;
    static final int MOST_BYTES = 900_000;

    private RecordBytes() {}

    /** Of {@link #of(Instant, RecordedMessage)}: where the message begins. */
    static final int TIME = Long.BYTES + Integer.BYTES;

    static byte[] of(RecordedMessage message) {
        return of(null, message);
    }

    /** With a time before it; without, where that is null. */
    static byte[] of(@Nullable Instant time, RecordedMessage message) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            if (time != null) {
                time(out, time);
            }
            out.writeByte(VERSION);
            time(out, message.at());
            time(out, message.received());
            Origin origin = message.origin();
            text(out, origin.client().toString());
            text(out, origin.account());
            text(out, origin.sender());
            text(out, origin.queueId() == null ? null : origin.queueId().toString());
            text(out, origin.messageId());
            text(out, message.filter());
            text(out, message.judgement() == null ? null : message.judgement().name());
            out.writeDouble(message.points());
            out.writeInt(message.victims());
            text(out, message.trap());
            for (String recipient : message.recipients()) {
                if (out.size() < MOST_BYTES) {
                    text(out, recipient);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
        return bytes.toByteArray();
    }

    /** The time before the message. */
    static Instant time(byte[] bytes) {
        ByteBuffer time = ByteBuffer.wrap(bytes);
        return Instant.ofEpochSecond(time.getLong(), time.getInt());
    }

    static RecordedMessage read(byte[] bytes) {
        return read(bytes, 0);
    }

    static RecordedMessage read(byte[] bytes, int from) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, from, bytes.length - from))) {
            if (in.readByte() != VERSION) {
                throw new IllegalArgumentException("a record of another version");
            }
            Instant at = time(in);
            Instant received = time(in);
            IpPrefix client = Objects.requireNonNull(IpPrefix.parse(Objects.requireNonNull(text(in))));
            String account = text(in);
            String sender = text(in);
            String queueId = text(in);
            String messageId = text(in);
            QueueId id = queueId == null ? null : QueueId.parse(queueId);
            String filter = Objects.requireNonNull(text(in));
            String judgement = text(in);
            double points = in.readDouble();
            int victims = in.readInt();
            String trap = text(in);
            List<String> recipients = new ArrayList<>();
            while (in.available() > 0) {
                recipients.add(Objects.requireNonNull(text(in)));
            }
            return new RecordedMessage(
                    at,
                    received,
                    new Origin(client, account, sender, id, messageId),
                    filter,
                    judgement == null ? null : Judgement.valueOf(judgement),
                    points,
                    victims,
                    recipients,
                    trap);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void time(DataOutputStream out, Instant time) throws IOException {
        out.writeLong(time.getEpochSecond());
        out.writeInt(time.getNano());
    }

    private static Instant time(DataInputStream in) throws IOException {
        return Instant.ofEpochSecond(in.readLong(), in.readInt());
    }

    private static void text(DataOutputStream out, @Nullable String text) throws IOException {
        out.writeBoolean(text != null);
        if (text != null) {
            out.writeUTF(text.substring(0, Math.min(text.length(), MOST_TEXT)));
        }
    }

    private static @Nullable String text(DataInputStream in) throws IOException {
        return in.readBoolean() ? in.readUTF() : null;
    }
}
