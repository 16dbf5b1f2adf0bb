package org.postbane.decide;

import java.time.Instant;
import java.util.Optional;
import org.postbane.model.PrefixSet;
import org.postbane.model.Subject;

/**
 * Guards addresses: loopback, our own, Postfix's mynetworks. A network that holds a single one of them is guarded as well,
 * as its ban would hit that one too.
 *
 * @param name for people, e.g. {@code own address}
 */
public record NetworkGuard(String name, PrefixSet networks) implements Guard {

    @Override
    public Optional<String> refusal(Subject subject, Instant at) {
        if (!(subject instanceof Subject.Client client) || !networks.overlaps(client.prefix())) {
            return Optional.empty();
        }
        return Optional.of(
                networks.contains(client.prefix())
                        ? "%s is guarded (%s)".formatted(subject, name)
                        : "%s holds guarded addresses (%s)".formatted(subject, name));
    }
}
