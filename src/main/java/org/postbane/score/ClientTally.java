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
    private final Account account;
    private long firstSecond; // with their nanoseconds: first and last seen
    private int firstNano;
    private long lastSecond;
    private int lastNano;
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
        account = new Account(Standing.clean(at));
        firstSecond = at.getEpochSecond();
        firstNano = at.getNano();
        lastSecond = firstSecond;
        lastNano = firstNano;
    }

    void seen(Instant at) {
        long second = at.getEpochSecond();
        int nano = at.getNano();
        if (second < firstSecond || second == firstSecond && nano < firstNano) {
            firstSecond = second;
            firstNano = nano;
        }
        if (second > lastSecond || second == lastSecond && nano > lastNano) {
            lastSecond = second;
            lastNano = nano;
        }
    }

    void judged(Judgement judgement, int count) {
        switch (judgement) {
            case CLEAN -> ham += count;
            case SPAM -> spam += count;
            case VIRUS -> virus += count;
            case BANNED -> banned += count;
            case UNCHECKED, TEMPORARY -> {}
        }
    }

    void tried(Instant at, Trial trial) {
        switch (trial) {
            case SPAM -> account.add(at, 0, 1, 0, 0, 1, scale.memory());
            case HAM -> account.add(at, 0, 0, 1, 0, 0, scale.memory());
            case HAM_TO_SPAM -> account.add(at, 0, 1, -1, 0, 1, scale.memory());
            case UNCHANGED -> {}
        }
    }

    /** @param weight points for each */
    void victims(Deed.Victims deed, double weight) {
        if (deed.judgement() == Judgement.SPAM) {
            victims += deed.count();
            account.add(deed.at(), weight * deed.count(), 0, 0, 0, 0, scale.memory());
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
        return Instant.ofEpochSecond(firstSecond, firstNano);
    }

    public Instant lastSeen() {
        return Instant.ofEpochSecond(lastSecond, lastNano);
    }

    /** The severity at {@code t}, 0 to 1; at the last deed that counted, where that is later. */
    public double score(Instant t) {
        return 1 - Math.exp(-account.standing().pointsAt(t, scale.memory()) / scale.scale());
    }

    /** The decimal logarithm of E ({@link Evidence}) at {@code t}; at the last deed that counted, where that is later. */
    public double evidence(Instant t) {
        return account.standing().at(t, scale.memory()).evidence().log10();
    }
}
