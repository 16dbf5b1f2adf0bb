package org.postbane.act;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.host.Command;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/**
 * Hands bans to a jail of fail2ban, whose own actions make them hold. What fail2ban has banned itself, and handed to us ({@value
 * #FROM_FAIL2BAN}NAME), is not handed back.
 *
 * <p>The jail's own bantime should be -1: this program ends the bans. Where it is not, a ban that fail2ban ends too early
 * comes back within a minute.
 *
 * <p>Threads: one at a time. Memory: the addresses in force. Errors: an {@link ActionException} says what fail2ban-client
 * said. Shortcomings: each call starts fail2ban's client, a tenth of a second of CPU time; fail2ban itself takes some
 * milliseconds for each ban. While the agent is stopped no ban ends.
 */
public final class Fail2banAction implements Action {

    /** How the jails of bans begin that fail2ban has handed to us. */
    static final String FROM_FAIL2BAN = "fail2ban-";

    private static final int BATCH = 500;
    /** fail2ban runs its actions, perhaps a program for each ban, before it answers. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Fail2banSettings settings;
    private final InstantSource clock;
    private final Programs programs;
    private final Set<IpPrefix> held = new HashSet<>();

    /** @param clock the real time: ended bans are left out */
    public Fail2banAction(Fail2banSettings settings, InstantSource clock) {
        this(settings, clock, new Programs(settings.name(), PATIENCE));
    }

    Fail2banAction(Fail2banSettings settings, InstantSource clock, Programs programs) {
        this.settings = settings;
        this.clock = clock;
        this.programs = programs;
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public boolean takes(Ban ban) {
        return ban.subject() instanceof Subject.Client client
                && client.prefix().length() > 0 // which fail2ban takes for one address
                && !ban.jail().startsWith(FROM_FAIL2BAN);
    }

    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        Set<IpPrefix> wanted =
                Prefixes.inForce(bans, this::takes, clock.instant()).keySet();
        Set<IpPrefix> there = inJail();
        set("unbanip", there.stream().filter(prefix -> !wanted.contains(prefix)).toList());
        set("banip", wanted.stream().filter(prefix -> !there.contains(prefix)).toList());
        held.clear();
        held.addAll(wanted);
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        Outcome<IpPrefix> outcome = Prefixes.outcome(changes, this::takes, clock.instant());
        set("unbanip", outcome.lifted().keySet());
        held.removeAll(outcome.lifted().keySet());
        set("banip", outcome.imposed().keySet());
        held.addAll(outcome.imposed().keySet());
    }

    private void set(String verb, Collection<IpPrefix> prefixes) throws ActionException {
        List<IpPrefix> list = List.copyOf(prefixes);
        for (int from = 0; from < list.size(); from += BATCH) {
            List<String> addresses = list.subList(from, Math.min(from + BATCH, list.size())).stream()
                    .map(IpPrefix::toString)
                    .toList();
            programs.run(client(Stream.concat(Stream.of("set", settings.jail(), verb), addresses.stream())), "");
        }
    }

    /** {@code 192.0.2.1 <tab>2026-11-21 15:00:00 + -1 = 9999-12-31 23:59:59}, one on each line. */
    private Set<IpPrefix> inJail() throws ActionException {
        Set<IpPrefix> found = new HashSet<>();
        String listing = programs.run(client(Stream.of("get", settings.jail(), "banip", "--with-time")), "")
                .out();
        for (String line : listing.lines().toList()) {
            IpPrefix prefix = IpPrefix.parse(line.strip().split("\\s+", 2)[0]);
            if (prefix != null) {
                found.add(prefix);
            }
        }
        return found;
    }

    private List<String> client(Stream<String> words) {
        List<String> command = new ArrayList<>(List.of(Command.find("fail2ban-client")));
        settings.socket().ifPresent(socket -> command.addAll(List.of("-s", socket.toString())));
        words.forEach(command::add);
        return command;
    }

    @Override
    public boolean isIntact() throws ActionException {
        return inJail().equals(held);
    }

    /** Seldom, as each costs a tenth of a second. */
    @Override
    public Duration look() {
        return Duration.ofMinutes(1);
    }

    @Override
    public Optional<Boolean> holds(Subject subject) throws ActionException {
        return Optional.of(Prefixes.have(inJail(), subject));
    }

    @Override
    public void close() {}
}
