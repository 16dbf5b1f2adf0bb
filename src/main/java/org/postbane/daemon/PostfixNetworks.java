package org.postbane.daemon;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.postbane.decide.Guard;
import org.postbane.decide.NetworkGuard;
import org.postbane.host.Command;
import org.postbane.model.IpPrefix;
import org.postbane.model.PrefixSet;
import org.postbane.model.Subject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Postfix's own networks ({@code mynetworks}), which it lets relay: never banned. Asked once, at the start, of {@code
 * postconf}; where there is no Postfix, there are none.
 *
 * <p>Known shortcomings: tables, files and exclusions ({@code !network}) in {@code mynetworks} are passed over; what {@code
 * mynetworks_style} comes to is asked of postconf as it stands.
 */
final class PostfixNetworks {

    private static final Logger LOG = LoggerFactory.getLogger(PostfixNetworks.class);
    private static final String NAME = "Postfix's mynetworks";
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final byte[] NOTHING = {};

    private PostfixNetworks() {}

    /**
     * A guard of these networks; of none where Postfix cannot be asked. It is asked beside the start, as postconf takes a second
     * where it has no main.cf; who is the first to be judged waits for the answer.
     */
    static Guard ask() {
        CompletableFuture<Guard> answer =
                CompletableFuture.supplyAsync(() -> new NetworkGuard(NAME, new PrefixSet(asked())));
        return new Guard() {
            @Override
            public String name() {
                return NAME;
            }

            @Override
            public Optional<String> refusal(Subject subject, Instant at) {
                return answer.join().refusal(subject, at);
            }
        };
    }

    private static List<IpPrefix> asked() {
        try {
            Command.Result answer = Command.run(List.of("postconf", "-h", "mynetworks"), NOTHING, PATIENCE);
            if (answer.status() == 0) {
                return parse(answer.out());
            }
            LOG.info("postconf does not tell mynetworks: {}", answer.err().strip());
        } catch (IOException e) {
            LOG.debug("no postconf here, so no mynetworks", e);
        }
        return List.of();
    }

    /** {@code 127.0.0.0/8, 192.0.2.1 [::1]/128 [2001:db8::]/32}: the networks among these words. */
    static List<IpPrefix> parse(String text) {
        List<IpPrefix> networks = new ArrayList<>();
        for (String word : text.strip().split("[,\\s]+", -1)) {
            IpPrefix network = IpPrefix.parse(word.replace("[", "").replace("]", ""));
            if (network != null) {
                networks.add(network);
            }
        }
        return networks;
    }
}
