package org.postbane.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Any bytes where senders write, in lines that are whole otherwise: nobody is blamed but the peers. Jazzer looks for texts that
 * reach what none before them reached; run by {@code .ci/fuzz} in turns with {@link LogBytesFuzz}.
 *
 * <p>The first byte says which sessions, lines are the texts, byte 0 stands for the address of one who never connected.
 */
final class SenderTextFuzz {

    @FuzzTest(maxDuration = "45s")
    void accept_anyTextOfSenders_blamesPeersOnly(byte[] bytes) {
        int seed = bytes.length == 0 ? 0 : bytes[0];
        String[] texts = new String(bytes, StandardCharsets.ISO_8859_1).split("\n", -1);
        int[] next = {0};
        List<String> log = Sessions.of(seed, () -> printed(texts[next[0]++ % texts.length]));
        Optional<String> fault = new BlameCheck().fault(log);
        if (fault.isPresent()) {
            throw new AssertionError(fault.get() + "\n" + String.join("\n", log));
        }
    }

    /** As mail servers and syslog print it. */
    private static String printed(String text) {
        return text.replaceAll("[\u0001-\u001f\u007f]", "?");
    }
}
