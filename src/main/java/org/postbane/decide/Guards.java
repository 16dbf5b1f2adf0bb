package org.postbane.decide;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.postbane.model.IpPrefix;
import org.postbane.model.PrefixSet;
import org.postbane.model.Subject;

/**
 * All guards, in the order in which they are asked; the first that refuses gives the reason. Immutable, so any thread may
 * ask if each guard's allows it.
 *
 * @param guards {@link #LOOPBACK} belongs among them
 */
public record Guards(List<Guard> guards) {

    /** Never this host itself: filters hand mail in from there, and all would be cut off. */
    public static final Guard LOOPBACK =
            new NetworkGuard("loopback", new PrefixSet(List.of(prefix("127.0.0.0/8"), prefix("::1"))));

    /** Loopback alone. */
    public static final Guards LEAST = new Guards(List.of(LOOPBACK));

    public Guards {
        guards = List.copyOf(guards);
    }

    private static IpPrefix prefix(String text) {
        return ((Subject.Client) Subject.parse(text)).prefix();
    }

    /** Why the subject must not be banned at {@code at}; empty if it may be. */
    public Optional<String> refusal(Subject subject, Instant at) {
        for (Guard guard : guards) {
            Optional<String> refusal = guard.refusal(subject, at);
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        return Optional.empty();
    }
}
