package org.postbane.decide;

import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.postbane.model.PrefixSet;
import org.postbane.model.Subject;

/**
 * The operator's list of those who are never banned: addresses, networks, accounts and senders. Immutable.
 *
 * <p>Addresses are guarded as by {@link NetworkGuard}; logins and senders by exact entries, senders in lower case.
 */
public final class AllowList implements Guard {

    private static final String NAME = "allow list";

    private final NetworkGuard networks;
    private final Set<Subject> others = new HashSet<>();

    public AllowList(Collection<? extends Subject> entries) {
        networks = new NetworkGuard(
                NAME,
                new PrefixSet(entries.stream()
                        .filter(Subject.Client.class::isInstance)
                        .map(entry -> ((Subject.Client) entry).prefix())
                        .toList()));
        entries.stream().filter(entry -> !(entry instanceof Subject.Client)).forEach(others::add);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Optional<String> refusal(Subject subject, Instant at) {
        return others.contains(subject)
                ? Optional.of("%s is guarded (%s)".formatted(subject, NAME))
                : networks.refusal(subject, at);
    }
}
