package org.postbane.act;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.host.Command;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/**
 * Has OpenBSD's spamd(8) waste the time of clients: enters them as TRAPPED into its database by spamdb(8). A companion of pf.
 * Holds single addresses only.
 *
 * <p>spamd forgets a trapped address after a day; each reconcile enters all again. What others have trapped is left alone,
 * unless it is one of ours.
 *
 * <p>Threads: one at a time. Memory: the addresses in force. Shortcomings: spamd's database does not say which entries are ours;
 * what ended while no agent ran is told by who remembers it. Tested against a program that accepts what
 * spamdb(8) documents, not against the real one.
 */
public final class SpamdbAction implements Action {

    private static final int BATCH = 500;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final String name;
    private final InstantSource clock;
    private final Programs programs;
    private final String spamdb;
    private final Set<IpPrefix> held = new HashSet<>();

    /** @param clock the real time: ended bans are left out */
    public SpamdbAction(SpamdbSettings settings, InstantSource clock) {
        this(settings, clock, Command.find("spamdb"), new Programs(settings.name(), PATIENCE));
    }

    SpamdbAction(SpamdbSettings settings, InstantSource clock, String spamdb, Programs programs) {
        this.name = settings.name();
        this.clock = clock;
        this.spamdb = spamdb;
        this.programs = programs;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean takes(Ban ban) {
        return ban.subject() instanceof Subject.Client client && client.prefix().isSingle();
    }

    @Override
    public boolean isExact() {
        return false;
    }

    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        Set<IpPrefix> wanted =
                Prefixes.inForce(bans, this::takes, clock.instant()).keySet();
        Set<IpPrefix> gone = new HashSet<>(held);
        gone.removeAll(wanted);
        change(wanted, gone);
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        Outcome<IpPrefix> outcome = Prefixes.outcome(changes, this::takes, clock.instant());
        change(outcome.imposed().keySet(), outcome.lifted().keySet());
    }

    private void change(Set<IpPrefix> added, Set<IpPrefix> deleted) throws ActionException {
        if (!deleted.isEmpty()) {
            Set<IpPrefix> there = trapped(); // to delete what is not there is an error
            spamdb("-d", deleted.stream().filter(there::contains).toList());
        }
        held.removeAll(deleted);
        held.addAll(added); // before: of a call that fails half-way some are trapped, and must not be forgotten
        spamdb("-a", List.copyOf(added));
    }

    private void spamdb(String verb, List<IpPrefix> addresses) throws ActionException {
        for (int from = 0; from < addresses.size(); from += BATCH) {
            List<String> command = new ArrayList<>(List.of(spamdb, "-t", verb));
            addresses.subList(from, Math.min(from + BATCH, addresses.size())).forEach(a -> command.add(a.toString()));
            programs.run(command, "");
        }
    }

    /** {@code TRAPPED|192.0.2.1|1795270000}. */
    private Set<IpPrefix> trapped() throws ActionException {
        Set<IpPrefix> found = new HashSet<>();
        for (String line : programs.run(spamdb).out().lines().toList()) {
            String[] fields = line.split("\\|", -1);
            IpPrefix address = fields[0].equals("TRAPPED") && fields.length > 1 ? IpPrefix.parse(fields[1]) : null;
            if (address != null) {
                found.add(address);
            }
        }
        return found;
    }

    @Override
    public boolean isIntact() throws ActionException {
        return trapped().containsAll(held);
    }

    @Override
    public Optional<Boolean> holds(Subject subject) throws ActionException {
        return Optional.of(Prefixes.have(trapped(), subject));
    }

    @Override
    public void close() {}
}
