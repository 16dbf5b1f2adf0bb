package org.postbane.score;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Deed.Trial;
import org.postbane.correlate.Origin;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.model.Subject;

/** Deeds as the correlator makes them, in short. */
final class Deeds {

    static final Instant T0 = Instant.parse("2026-03-01T00:00:00Z");

    private Deeds() {}

    static IpPrefix address(String text) {
        return ((Subject.Client) Subject.parse(text)).prefix();
    }

    static Origin origin(String client, @Nullable String account, @Nullable String sender, @Nullable String queueId) {
        return new Origin(address(client), account, sender, queueId == null ? null : QueueId.parse(queueId), null);
    }

    static Origin by(String client) {
        return origin(client, null, "s2@x", "3064E52EAC1");
    }

    static Deed spam(Instant at, Origin origin) {
        return new Deed.Judged(at, origin, Judgement.SPAM, null, Trial.SPAM, 12.5, "amavis", false);
    }

    static Deed ham(Instant at, Origin origin) {
        return new Deed.Judged(at, origin, Judgement.CLEAN, null, Trial.HAM, 0.1, "amavis", false);
    }

    static Deed hamThatIsSpam(Instant at, Origin origin) {
        return new Deed.Judged(at, origin, Judgement.SPAM, Judgement.CLEAN, Trial.HAM_TO_SPAM, 12.5, "amavis", false);
    }

    static Deed victims(Instant at, Origin origin, int count) {
        return new Deed.Victims(at, origin, Judgement.SPAM, count);
    }
}
