package org.postbane.score;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Origin;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;
import org.postbane.score.Weighing.Who;

/**
 * The subjects that one deed's origin can be judged as; each is made once for all jails, when the first asks. Networks are
 * /24 for IPv4, what a reverse zone and most small assignments are, and /64 for IPv6, within which a client picks its
 * address as it likes (RFC 4291 section 2.5.4).
 */
final class Subjects {

    private final Map<Who, Subject> made = new EnumMap<>(Who.class);
    private @Nullable Origin origin;

    /** From now on this origin is spoken of. */
    @SuppressWarnings(
            "ReferenceEquality") // the same deed's: to compare all five parts costs more than to make them anew
    void of(Origin newOrigin) {
        if (newOrigin != origin) {
            origin = newOrigin;
            made.clear();
        }
    }

    /** Null where the origin has none: not logged in, the null sender, or a text that can be no subject. */
    @Nullable
    Subject as(Who who) {
        Subject subject = made.get(who);
        if (subject == null && origin != null) {
            subject = make(who, origin);
            if (subject != null) {
                made.put(who, subject);
            }
        }
        return subject;
    }

    private static @Nullable Subject make(Who who, Origin origin) {
        return switch (who) {
            case CLIENT -> new Subject.Client(origin.client());
            case NETWORK -> new Subject.Client(networkOf(origin.client()));
            case ACCOUNT -> origin.account() == null ? null : Subject.ofAccount(origin.account());
            case SENDER -> origin.sender() == null ? null : Subject.ofSender(origin.sender());
        };
    }

    private static IpPrefix networkOf(IpPrefix client) {
        return client.network(Math.min(client.length(), client.isIpv4() ? 24 : 64));
    }
}
