package org.postbane.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.List;

/** Lines of real logs; {@code endtoend/logs/README} among the test resources says which. */
final class Samples {

    private Samples() {}

    static List<String> lines(String name) throws IOException {
        try (var in = Samples.class.getResourceAsStream("/endtoend/logs/" + name + ".log")) {
            return new String(in.readAllBytes(), UTF_8).lines().toList();
        }
    }
}
