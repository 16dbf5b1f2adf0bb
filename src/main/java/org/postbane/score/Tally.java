package org.postbane.score;

import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Origin;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.score.Weighing.Direction;
import org.postbane.score.Weighing.Memory.HalfLife;
import org.postbane.score.Weighing.Who;

/**
 * The numbers that a replay prints: what each client and each account did. Jails have no part in it.
 *
 * <p>For one thread. Some 250 bytes for each client and account of the log, for ever: it is made for one replay.
 */
public final class Tally implements Consumer<Deed>, Deed.Visitor {

    /** The default scale: a point for each victim of spam, half of it after 14 days; 20 points are a severity of 0.632. */
    public static final Weighing SCALE = new Weighing(
            "", Who.CLIENT, Direction.ANY, Map.of(OffenceKind.SPAM, 1.0), new HalfLife(Duration.ofDays(14)), 20);

    private final Weighing scale;
    private final double spamWeight;
    private final Map<IpPrefix, ClientTally> clients = new HashMap<>();
    private final Map<String, AccountTally> accounts = new HashMap<>();
    private @Nullable ClientTally last; // a verdict's victims follow it
    private long messages;

    public Tally() {
        this(SCALE);
    }

    /** @param scale by which the scores are reckoned, instead of {@link #SCALE} */
    public Tally(Weighing scale) {
        this.scale = scale;
        this.spamWeight = scale.weights().getOrDefault(OffenceKind.SPAM, 0.0);
    }

    /** Messages that were judged, accepted unjudged, or addressed to a trap; each once. */
    public long messages() {
        return messages;
    }

    /** All clients that did anything, in no particular order. A view. */
    public Collection<ClientTally> clients() {
        return Collections.unmodifiableCollection(clients.values());
    }

    /** All accounts that sent anything, sorted. A copy. */
    public Collection<AccountTally> accounts() {
        return new TreeMap<>(accounts).values();
    }

    @Override
    public void accept(Deed deed) {
        deed.accept(this);
    }

    @Override
    public void visit(Deed.Refused deed) {
        client(deed).rejects++;
    }

    /** In no number that is printed. */
    @Override
    public void visit(Deed.Misbehaved deed) {}

    @Override
    public void visit(Deed.AuthFailed deed) {
        client(deed).authFailures++;
    }

    @Override
    public void visit(Deed.Unjudged deed) {
        client(deed).unjudged++;
        account(deed.origin());
        messages += deed.judged() ? 0 : 1;
    }

    @Override
    public void visit(Deed.Delivered deed) {}

    @Override
    public void visit(Deed.Trapped deed) {
        ClientTally client = client(deed);
        client.traps++;
        client.tried(deed.at(), deed.trial());
        account(deed.origin());
        messages += deed.judged() ? 0 : 1;
    }

    @Override
    public void visit(Deed.Judged deed) {
        ClientTally client = client(deed);
        Judgement before = deed.before();
        if (before == null) {
            messages += deed.trapped() ? 0 : 1;
        } else {
            client.judged(before, -1);
        }
        client.judged(deed.judgement(), 1);
        client.tried(deed.at(), deed.trial());
        AccountTally account = account(deed.origin());
        if (account != null) {
            account.judged(deed.judgement(), 1);
            if (before != null) {
                account.judged(before, -1);
            }
        }
    }

    @Override
    public void visit(Deed.Victims deed) {
        client(deed).victims(deed, spamWeight);
        AccountTally account = account(deed.origin());
        if (account != null && deed.judgement() == Judgement.SPAM) {
            account.victims += deed.count();
        }
    }

    private ClientTally client(Deed deed) {
        IpPrefix address = deed.origin().client();
        ClientTally client = last != null && last.client().equals(address) ? last : clients.get(address);
        if (client == null) {
            client = new ClientTally(address, scale, deed.at());
            clients.put(address, client);
        }
        client.seen(deed.at());
        last = client;
        return client;
    }

    private @Nullable AccountTally account(Origin origin) {
        String login = origin.account();
        if (login == null) {
            return null;
        }
        AccountTally account = accounts.computeIfAbsent(login, AccountTally::new);
        account.clients.add(origin.client());
        return account;
    }
}
