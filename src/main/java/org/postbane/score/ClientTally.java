package org.postbane.score;

import java.time.Instant;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Deed.Trial;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;

/** What one client did, in numbers of messages where nothing else is said. Read only outside this package. */
public final class ClientTally {

    private final IpPrefix client;
    private final Weighing scale;
    private Instant firstSeen;
    private Instant lastSeen;
    private Standing standing;
    private long victims;
    private int spam;
    private int ham;
    private int virus;
    private int banned;
    int traps;
    int rejects;
    int unjudged;
    int authFailures;

    ClientTally(IpPrefix client, Weighing scale, Instant at) {
        this.client = client;
        this.scale = scale;
        firstSeen = at;
        lastSeen = at;
        standing = Standing.clean(at);
    }

    void seen(Instant at) {
        if (at.isBefore(firstSeen)) {
            firstSeen = at;
        }
        if (at.isAfter(lastSeen)) {
            lastSeen = at;
        }
    }

    void judged(Judgement judgement, int count) {
        switch (judgement) {
            case CLEAN -> ham += count;
            case SPAM -> spam += count;
            case VIRUS -> {
                virus += count;
                unjudged += count;
            }
            case BANNED -> {
                banned += count;
                unjudged += count;
            }
            case UNCHECKED, TEMPORARY -> {}
        }
    }

    void tried(Instant at, Trial trial) {
        switch (trial) {
            case SPAM -> standing = standing.plusTrials(at, 1, 0, scale.memory());
            case HAM -> standing = standing.plusTrials(at, 0, 1, scale.memory());
            case HAM_TO_SPAM -> standing = standing.plusTrials(at, 1, -1, scale.memory());
            case UNCHANGED -> {}
        }
    }

    /** @param weight points for each */
    void victims(Deed.Victims deed, double weight) {
        if (deed.judgement() == Judgement.SPAM) {
            victims += deed.count();
            standing = standing.plus(deed.at(), weight * deed.count(), scale.memory());
        }
    }

    /** Always an address. */
    public IpPrefix client() {
        return client;
    }

    /** Judged spam. */
    public int spam() {
        return spam;
    }

    /** Recipients of its spam. */
    public long victims() {
        return victims;
    }

    /** Judged clean. */
    public int ham() {
        return ham;
    }

    /** With malware. */
    public int virus() {
        return virus;
    }

    /** With a forbidden attachment. */
    public int banned() {
        return banned;
    }

    /** Addressed to a trap, accepted or not. */
    public int traps() {
        return traps;
    }

    /** Commands refused with 5xx. */
    public int rejects() {
        return rejects;
    }

    /** Accepted, and judged by no filter. */
    public int unjudged() {
        return unjudged;
    }

    /** Logins that failed. */
    public int authFailures() {
        return authFailures;
    }

    public Instant firstSeen() {
        return firstSeen;
    }

    public Instant lastSeen() {
        return lastSeen;
    }

    /** The severity at {@code t}, 0 to 1; at the last deed that counted, where that is later. */
    public double score(Instant t) {
        return 1 - Math.exp(-standing.pointsAt(t, scale.memory()) / scale.scale());
    }

    /** The decimal logarithm of E ({@link Evidence}) at {@code t}; at the last deed that counted, where that is later. */
    public double evidence(Instant t) {
        return standing.at(t, scale.memory()).evidence().log10();
    }
}
