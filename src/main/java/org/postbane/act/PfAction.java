package org.postbane.act;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.host.Command;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/**
 * Keeps clients out by a table of pf, on FreeBSD and OpenBSD; a rule in {@code pf.conf} asks it. Addresses go through
 * pfctl(8)'s standard input, as many at once as there are.
 *
 * <p>Threads: one at a time. Memory: the addresses in force. Errors: an {@link ActionException} says what pfctl said.
 *
 * <p>Shortcomings: pf knows no end of an entry; while the agent is stopped no ban ends. Tested against a program that accepts
 * what pfctl(8) documents, not against a kernel.
 */
public final class PfAction implements Action {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final PfSettings settings;
    private final InstantSource clock;
    private final Programs programs;
    private final String pfctl;
    private final Set<IpPrefix> held = new HashSet<>();
    /** Of these there may be connections from before the ban, which are still to be cut. */
    private final Set<IpPrefix> uncut = new LinkedHashSet<>();

    /** @param clock the real time: ended bans are left out */
    public PfAction(PfSettings settings, InstantSource clock) {
        this(settings, clock, Command.find("pfctl"), new Programs(settings.name(), PATIENCE));
    }

    PfAction(PfSettings settings, InstantSource clock, String pfctl, Programs programs) {
        this.settings = settings;
        this.clock = clock;
        this.pfctl = pfctl;
        this.programs = programs;
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public boolean takes(Ban ban) {
        return ban.subject() instanceof Subject.Client;
    }

    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        Set<IpPrefix> wanted =
                Prefixes.inForce(bans, this::takes, clock.instant()).keySet();
        held.clear();
        if (settings.killStates()) {
            Set<IpPrefix> before = shown();
            wanted.stream().filter(prefix -> !before.contains(prefix)).forEach(uncut::add);
        }
        uncut.retainAll(wanted);
        table("replace", wanted);
        held.addAll(wanted);
        cut();
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        Outcome<IpPrefix> outcome = Prefixes.outcome(changes, this::takes, clock.instant());
        if (!outcome.lifted().isEmpty()) {
            table("delete", outcome.lifted().keySet());
            held.removeAll(outcome.lifted().keySet());
        }
        Set<IpPrefix> added = new HashSet<>(outcome.imposed().keySet());
        added.removeAll(held);
        uncut.removeAll(outcome.lifted().keySet());
        if (!added.isEmpty()) {
            if (settings.killStates()) {
                uncut.addAll(added);
            }
            String said = table("add", added);
            if (said.contains("table created")) { // what was in the old one is gone
                throw new ActionException(settings.name() + ": table " + settings.table() + " had been taken away");
            }
            held.addAll(added);
            cut();
        }
    }

    private void cut() throws ActionException {
        for (IpPrefix prefix : List.copyOf(uncut)) {
            programs.run(pfctl, "-k", prefix.toString());
            uncut.remove(prefix);
        }
    }

    /** What pfctl says to standard error. */
    private String table(String verb, Collection<IpPrefix> prefixes) throws ActionException {
        String input = prefixes.stream().map(prefix -> prefix + "\n").collect(Collectors.joining());
        return programs.run(command(verb, "-f", "-"), input).err();
    }

    private List<String> command(String verb, String... more) {
        List<String> command = new ArrayList<>(List.of(pfctl));
        settings.anchor().ifPresent(anchor -> command.addAll(List.of("-a", anchor)));
        command.addAll(List.of("-t", settings.table(), "-T", verb));
        command.addAll(Stream.of(more).toList());
        return command;
    }

    @Override
    public boolean isIntact() throws ActionException {
        return shown().equals(held);
    }

    private Set<IpPrefix> shown() throws ActionException {
        Command.Result result = programs.call(command("show"), "");
        Set<IpPrefix> found = new HashSet<>();
        if (result.status() != 0 && !result.err().contains("does not exist")) { // neither table nor anchor
            throw programs.failure(command("show"), result);
        }
        if (result.status() == 0) {
            for (String line : result.out().lines().toList()) {
                IpPrefix prefix = IpPrefix.parse(line.strip());
                if (prefix != null) {
                    found.add(prefix);
                }
            }
        }
        return found;
    }

    @Override
    public Optional<Boolean> holds(Subject subject) throws ActionException {
        return Optional.of(Prefixes.have(shown(), subject));
    }

    @Override
    public void close() {}
}
