package org.postbane.store;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.postbane.score.Standing.Weight;

/** The window of a standing as bytes: for each entry 8 of time ({@link Micros}) and 8 of points, big endian. */
final class WindowBytes {

    private static final int ENTRY = 16;

    private WindowBytes() {}

    static byte[] of(List<Weight> window) {
        ByteBuffer bytes = ByteBuffer.allocate(ENTRY * window.size());
        window.forEach(w -> bytes.putLong(Micros.of(w.at())).putDouble(w.points()));
        return bytes.array();
    }

    static List<Weight> read(byte[] stored) {
        ByteBuffer bytes = ByteBuffer.wrap(stored);
        List<Weight> window = new ArrayList<>(stored.length / ENTRY);
        while (bytes.remaining() >= ENTRY) {
            window.add(new Weight(Micros.at(bytes.getLong()), bytes.getDouble()));
        }
        return window;
    }
}
