package org.postbane.act;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/**
 * Keeps clients out by one rule of iptables or ip6tables each, for machines that have neither nftables nor ipset.
 *
 * <p>Threads: one at a time. Memory: the addresses in force. Errors: an {@link ActionException} says what iptables said.
 *
 * <p>Shortcomings: the kernel looks at the rules one after the other for each packet: some hundred bans are well, 10,000 are
 * not. Rules know no time: while the agent is stopped no ban ends.
 */
public final class IptablesAction implements Action {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final IptablesSettings settings;
    private final InstantSource clock;
    private final IptablesChain ipv4;
    private final IptablesChain ipv6;
    private final Set<IpPrefix> held = new HashSet<>();

    /** @param clock the real time: ended bans are left out */
    public IptablesAction(IptablesSettings settings, InstantSource clock) {
        this(settings, clock, new Programs(settings.name(), PATIENCE));
    }

    IptablesAction(IptablesSettings settings, InstantSource clock, Programs programs) {
        this.settings = settings;
        this.clock = clock;
        ipv4 = new IptablesChain(settings, true, programs);
        ipv6 = new IptablesChain(settings, false, programs);
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public boolean takes(Ban ban) {
        return ban.subject() instanceof Subject.Client client
                && client.prefix().length() > 0; // iptables -S shows no /0
    }

    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        Set<IpPrefix> wanted =
                Prefixes.inForce(bans, this::takes, clock.instant()).keySet();
        held.clear();
        ipv4.replace(matches(wanted, true));
        ipv6.replace(matches(wanted, false));
        held.addAll(wanted);
    }

    private static List<String> matches(Collection<IpPrefix> prefixes, boolean ipv4) {
        return prefixes.stream()
                .filter(prefix -> prefix.isIpv4() == ipv4)
                .map(prefix -> "-s " + prefix)
                .toList();
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        Outcome<IpPrefix> outcome = Prefixes.outcome(changes, this::takes, clock.instant());
        List<IpPrefix> added = new ArrayList<>(outcome.imposed().keySet());
        added.removeAll(held);
        List<IpPrefix> deleted = new ArrayList<>(outcome.lifted().keySet());
        deleted.retainAll(held);
        change(ipv4, added, deleted, true);
        change(ipv6, added, deleted, false);
    }

    private void change(IptablesChain chain, List<IpPrefix> added, List<IpPrefix> deleted, boolean ofIpv4)
            throws ActionException {
        List<IpPrefix> in =
                added.stream().filter(prefix -> prefix.isIpv4() == ofIpv4).toList();
        List<IpPrefix> out =
                deleted.stream().filter(prefix -> prefix.isIpv4() == ofIpv4).toList();
        if (!in.isEmpty() || !out.isEmpty()) {
            chain.change(matches(in, ofIpv4), matches(out, ofIpv4));
            held.addAll(in);
            out.forEach(held::remove);
        }
    }

    @Override
    public boolean isIntact() throws ActionException {
        return ipv4.isReached() && ipv6.isReached() && inKernel().equals(held);
    }

    private Set<IpPrefix> inKernel() throws ActionException {
        Set<IpPrefix> found = new HashSet<>();
        for (IptablesChain chain : List.of(ipv4, ipv6)) {
            for (String rule : chain.rules()) {
                IpPrefix source = source(rule);
                if (source != null) {
                    found.add(source);
                }
            }
        }
        return found;
    }

    /** {@code -A postbane -s 192.0.2.1/32 -j DROP}; null where there is no {@code -s}. */
    private static @Nullable IpPrefix source(String rule) {
        int at = rule.indexOf(" -s ");
        return at < 0 ? null : IpPrefix.parse(rule.substring(at + 4).split(" ", 2)[0]);
    }

    @Override
    public Optional<Boolean> holds(Subject subject) throws ActionException {
        return Optional.of(Prefixes.have(inKernel(), subject));
    }

    @Override
    public void close() {}
}
