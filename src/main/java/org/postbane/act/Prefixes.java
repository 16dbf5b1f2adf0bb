package org.postbane.act;

import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/** What places of addresses and networks need to know of bans. */
final class Prefixes {

    private Prefixes() {}

    /** The address or network of a ban; null if it is of an account or sender. */
    static @Nullable IpPrefix of(Ban ban) {
        return ban.subject() instanceof Subject.Client client ? client.prefix() : null;
    }

    /** Bans of addresses and networks that have not ended at {@code now}, by these. */
    static Map<IpPrefix, Ban> inForce(Collection<Ban> bans, Instant now) {
        Map<IpPrefix, Ban> wanted = new LinkedHashMap<>();
        for (Ban ban : bans) {
            IpPrefix prefix = of(ban);
            if (prefix != null && ban.until().isAfter(now)) {
                wanted.put(prefix, ban);
            }
        }
        return wanted;
    }

    /**
     * What several changes come to in the end. A ban that has ended by {@code now} is as good as lifted.
     *
     * @param imposed last words, by address or network
     * @param lifted none of which is imposed
     */
    record Outcome(Map<IpPrefix, Ban> imposed, Set<IpPrefix> lifted) {

        static Outcome of(List<Decision> changes, Instant now) {
            Map<IpPrefix, Ban> imposed = new LinkedHashMap<>();
            Set<IpPrefix> lifted = new LinkedHashSet<>();
            for (Decision change : changes) {
                IpPrefix prefix = Prefixes.of(change.ban());
                if (prefix == null) {
                    continue;
                }
                if (change instanceof Decision.Impose && change.ban().until().isAfter(now)) {
                    imposed.put(prefix, change.ban());
                    lifted.remove(prefix);
                } else {
                    imposed.remove(prefix);
                    lifted.add(prefix);
                }
            }
            return new Outcome(imposed, lifted);
        }
    }
}
