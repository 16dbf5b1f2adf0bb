package org.postbane.act;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.host.Command;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/**
 * Keeps clients out by four sets of the kernel's ipset, for addresses and networks of either family, which rules of iptables
 * and ip6tables ask. Each ban carries its end into the kernel, so bans end in time also when this program is dead.
 *
 * <p>A reconcile fills new sets and swaps each with the old one, so that nobody is let in meanwhile.
 *
 * <p>Threads: one at a time. Memory: the ends of the bans in force, and the text of one {@code ipset restore}, about 50 bytes
 * a ban, of at most {@value #PART}. Errors: an {@link ActionException} says what ipset or iptables said; ipset has no transactions, so a part of the
 * batch may be in force until the next reconcile.
 *
 * <p>Shortcomings: a set's timeout is 24 days at most; longer bans are renewed by the reconcile at intervals. A /0 cannot be
 * held.
 */
public final class IpsetAction implements Action {

    /** The largest timeout that ipset(8) takes. */
    static final Duration LONGEST = Duration.ofSeconds(2_147_483);

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration SLACK = Duration.ofSeconds(2);
    private static final String NEW = "_new";

    /** Bans in one call of a reconcile. */
    private static final int PART = 20_000;

    private final IpsetSettings settings;
    private final InstantSource clock;
    /** For addresses and networks of IPv4, then of IPv6. */
    private final List<String> sets;

    private final Programs programs;
    private final IptablesChain ipv4;
    private final IptablesChain ipv6;
    private final Map<IpPrefix, Instant> held = new HashMap<>();

    /** @param clock the real time: what is written into the kernel is not an end but the time until then */
    public IpsetAction(IpsetSettings settings, InstantSource clock) {
        this(settings, clock, new Programs(settings.name(), PATIENCE));
    }

    IpsetAction(IpsetSettings settings, InstantSource clock, Programs programs) {
        this.settings = settings;
        this.clock = clock;
        this.programs = programs;
        sets = Stream.of("4", "n4", "6", "n6").map(end -> settings.set() + end).toList();
        ipv4 = new IptablesChain(settings.rules(), true, programs);
        ipv6 = new IptablesChain(settings.rules(), false, programs);
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public boolean takes(Ban ban) {
        return ban.subject() instanceof Subject.Client client && client.prefix().length() > 0;
    }

    private String set(boolean ofIpv4, boolean networks) {
        return sets.get((ofIpv4 ? 0 : 2) + (networks ? 1 : 0));
    }

    private String set(IpPrefix prefix) {
        return set(prefix.isIpv4(), !prefix.isSingle());
    }

    private String create(String name, String like) {
        return "create %s %s timeout 0 maxelem %d%n".formatted(name, type(like), settings.maxElements());
    }

    /** {@code hash:ip family inet}. */
    private String type(String set) {
        return "hash:%s family %s"
                .formatted(set.startsWith(settings.set() + "n") ? "net" : "ip", set.endsWith("4") ? "inet" : "inet6");
    }

    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        Instant now = clock.instant();
        Map<IpPrefix, Ban> wanted = Prefixes.inForce(bans, this::takes, now);
        held.clear();
        Map<String, String> there = types();
        StringBuilder input = new StringBuilder();
        for (String set : sets) {
            if (!there.getOrDefault(set, type(set)).equals(type(set))) {
                throw new ActionException(
                        "%s: set %s is there already, but is %s, not %s: destroy it, or choose other names"
                                .formatted(settings.name(), set, there.get(set), type(set)));
            }
            if (there.containsKey(set + NEW)) { // of one that was killed
                input.append("destroy %s%n".formatted(set + NEW));
            }
            if (!there.containsKey(set)) {
                input.append(create(set, set));
            }
            input.append(create(set + NEW, set));
        }
        Instant partBegins = now;
        int count = 0;
        for (Map.Entry<IpPrefix, Ban> entry : wanted.entrySet()) {
            add(set(entry.getKey()) + NEW, entry.getKey(), entry.getValue(), partBegins, input);
            if (++count % PART == 0) {
                restore(input);
                input.setLength(0);
                partBegins = clock.instant();
            }
        }
        for (String set : sets) {
            input.append("swap %1$s%2$s %1$s%ndestroy %1$s%2$s%n".formatted(set, NEW));
        }
        restore(input);
        ipv4.replace(rules(true));
        ipv6.replace(rules(false));
        wanted.forEach((prefix, ban) -> held.put(prefix, ban.until()));
    }

    private List<String> rules(boolean ofIpv4) {
        return List.of(
                "-m set --match-set %s src".formatted(set(ofIpv4, false)),
                "-m set --match-set %s src".formatted(set(ofIpv4, true)));
    }

    /** Of all sets that there are: lines {@code Name: banned4}, {@code Type: hash:ip}, {@code Header: family inet ...}. */
    private Map<String, String> types() throws ActionException {
        Map<String, String> types = new HashMap<>();
        String name = "";
        for (String line :
                programs.run(Command.find("ipset"), "list", "-t").out().lines().toList()) {
            String[] words = line.split(" ", 4);
            if (words[0].equals("Name:")) {
                name = words[1];
            } else if (words[0].equals("Type:")) {
                types.put(name, words[1]);
            } else if (words[0].equals("Header:") && words.length > 2 && words[1].equals("family")) {
                types.merge(name, " family " + words[2], String::concat);
            }
        }
        return types;
    }

    private static void add(String set, IpPrefix prefix, Ban ban, Instant now, StringBuilder out) {
        out.append("add ").append(set).append(' ').append(prefix).append(" timeout ");
        out.append(timeout(ban, now)).append('\n');
    }

    /** In whole seconds, rounded up; 0 is for ever. */
    private static long timeout(Ban ban, Instant now) {
        if (ban.isPermanent()) {
            return 0;
        }
        Duration left = Duration.between(now, ban.until());
        return left.compareTo(LONGEST) > 0
                ? LONGEST.toSeconds()
                : Math.max(1, left.plusNanos(999_999_999).toSeconds());
    }

    private void restore(StringBuilder input) throws ActionException {
        programs.run(List.of(Command.find("ipset"), "restore", "-exist"), input.toString());
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        Instant now = clock.instant();
        Outcome<IpPrefix> outcome = Prefixes.outcome(changes, this::takes, now);
        if (outcome.isNothing()) {
            return;
        }
        StringBuilder input = new StringBuilder();
        outcome.lifted()
                .keySet()
                .forEach(prefix -> input.append("del ")
                        .append(set(prefix))
                        .append(' ')
                        .append(prefix)
                        .append('\n'));
        outcome.imposed().forEach((prefix, ban) -> add(set(prefix), prefix, ban, now, input));
        restore(input);
        outcome.lifted().keySet().forEach(held::remove);
        outcome.imposed().forEach((prefix, ban) -> held.put(prefix, ban.until()));
    }

    /** The rules, and the number of elements: the kernel counts those that have just ended for a while. */
    @Override
    public boolean isIntact() throws ActionException {
        Instant soon = clock.instant().plus(SLACK);
        held.values().removeIf(until -> until.isBefore(soon.minus(SLACK)));
        Map<String, Integer> expected = new HashMap<>();
        held.forEach((prefix, until) -> {
            if (until.isAfter(soon)) {
                expected.merge(set(prefix), 1, Integer::sum);
            }
        });
        for (String set : sets) {
            Command.Result result = programs.call(List.of(Command.find("ipset"), "list", "-t", set), "");
            if (result.status() != 0 || entries(result.out()) < expected.getOrDefault(set, 0)) {
                return false;
            }
        }
        return asks(ipv4, true) && asks(ipv6, false);
    }

    private boolean asks(IptablesChain chain, boolean ofIpv4) throws ActionException {
        String rules = String.join("\n", chain.rules());
        return chain.isReached() && rules(ofIpv4).stream().allMatch(rule -> rules.contains(rule + " "));
    }

    /** {@code Number of entries: 12}. */
    private static long entries(String listing) {
        return listing.lines()
                .filter(line -> line.startsWith("Number of entries: "))
                .mapToLong(line -> Long.parseLong(
                        line.substring("Number of entries: ".length()).strip()))
                .findFirst()
                .orElse(0);
    }

    @Override
    public Optional<Boolean> holds(Subject subject) throws ActionException {
        if (!(subject instanceof Subject.Client client)) {
            return Optional.of(false);
        }
        IpPrefix prefix = Objects.requireNonNull(client.prefix());
        List<String> command = new ArrayList<>(List.of(Command.find("ipset"), "test", set(prefix), prefix.toString()));
        Command.Result result = programs.call(command, "");
        if (result.status() > 1) {
            throw programs.failure(command, result);
        }
        return Optional.of(result.status() == 0);
    }

    @Override
    public void close() {}
}
