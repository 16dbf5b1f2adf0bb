package org.postbane.act;

import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/** What places of addresses and networks need to know of bans. */
final class Prefixes {

    private Prefixes() {}

    /** The address or network of a ban of a client. */
    static IpPrefix of(Ban ban) {
        return ((Subject.Client) ban.subject()).prefix();
    }

    /** The first address of a network, as text. */
    static String first(IpPrefix prefix) {
        String text = prefix.toString();
        return prefix.isSingle() ? text : text.substring(0, text.indexOf('/'));
    }

    /** Whether {@code subject} is one of these. */
    static boolean have(Set<IpPrefix> prefixes, Subject subject) {
        return subject instanceof Subject.Client client && prefixes.contains(client.prefix());
    }

    /**
     * Bans that have not ended at {@code now}, by their addresses and networks.
     *
     * @param takes which bans the place can hold; of clients only
     */
    static Map<IpPrefix, Ban> inForce(Collection<Ban> bans, Predicate<Ban> takes, Instant now) {
        Map<IpPrefix, Ban> wanted = new LinkedHashMap<>();
        for (Ban ban : bans) {
            if (takes.test(ban) && ban.until().isAfter(now)) {
                wanted.put(of(ban), ban);
            }
        }
        return wanted;
    }

    /** What changes come to. */
    static Outcome<IpPrefix> outcome(List<Decision> changes, Predicate<Ban> takes, Instant now) {
        return Outcome.of(changes, takes, Prefixes::of, now);
    }
}
