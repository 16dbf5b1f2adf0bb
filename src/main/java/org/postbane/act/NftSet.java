package org.postbane.act;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.postbane.act.NftVerdict.Kind;
import org.postbane.decide.Ban;
import org.postbane.host.NftElement;
import org.postbane.model.IpPrefix;

/**
 * A set in the kernel for all prefixes of one family and one length, with the chain that asks it: {@code banned4} and
 * {@code banned6} for single addresses, {@code nets4_24}, {@code nets6_64} and so on for networks.
 *
 * <p>A network is looked up by the client's address under the length's mask, so all sets are hash sets. nftables' own
 * way, {@code flags interval}, takes seconds to add one network to 100,000 (every IPv6 ban may be a /64), holds no
 * networks that overlap, and, with {@code auto-merge}, loses the ends of those that it merges. Here a /16 and a /24 within it
 * stand in different sets and each ends in its own time.
 *
 * <p>A limit keeps its rates in a set beside it, {@code banned4_rate} and so on, one for each ban that is heard of; where more
 * than {@value #MOST_RATES} are, those beyond are not limited.
 *
 * <p>Each chain is a base chain of its own, so that one can be added without knowing which others there are.
 */
record NftSet(boolean ipv4, int length) {

    private static final String RATES = "_rate";
    private static final int MOST_RATES = 65_536;
    private static final int BURST = 5;
    private static final String FIRST_OF_CONNECTION = "tcp flags & (fin | syn | rst | ack) == syn";

    static final NftSet ADDRESSES4 = new NftSet(true, 32);
    static final NftSet ADDRESSES6 = new NftSet(false, 128);

    static NftSet of(IpPrefix prefix) {
        return new NftSet(prefix.isIpv4(), prefix.length());
    }

    private boolean isOfAddresses() {
        return equals(ADDRESSES4) || equals(ADDRESSES6);
    }

    String name() {
        int family = ipv4 ? 4 : 6;
        return isOfAddresses() ? "banned" + family : "nets%d_%d".formatted(family, length);
    }

    /** The element for a prefix of this family and length, without end. */
    NftElement element(IpPrefix prefix) {
        return new NftElement(name(), prefix.toInetAddress(), 0);
    }

    /** The same, with the end of its ban: those of more than {@link NftElement#LONGEST} are extended by the next reconcile. */
    NftElement element(IpPrefix prefix, Ban ban, Instant now) {
        return new NftElement(name(), prefix.toInetAddress(), ban.isPermanent() ? 0 : secondsLeft(now, ban.until()));
    }

    /** Rounded up. No overflow: both are within the times of {@link Instant}. */
    private static long secondsLeft(Instant now, Instant until) {
        long seconds = until.getEpochSecond() - now.getEpochSecond() + (until.getNano() > now.getNano() ? 1 : 0);
        return Math.max(1, Math.min(seconds, NftElement.LONGEST.toSeconds()));
    }

    /** Commands that make the set and its chain where they are not there yet, and the chain's rules anew. */
    void declare(NftSettings settings, String table, StringBuilder out) {
        String name = name();
        String chain = "inet %s %s".formatted(table, name);
        out.append("add set inet %s %s { type %s; flags timeout; }\n".formatted(table, name, type()));
        if (settings.verdict().kind() == Kind.LIMIT) {
            out.append("add set inet %s %s { type %s; size %d; flags dynamic, timeout; timeout 1d; }\n"
                    .formatted(table, name + RATES, type(), MOST_RATES));
        }
        out.append("add chain %s { %s; policy accept; }\n".formatted(chain, hook(settings)));
        out.append("flush chain %s\n".formatted(chain));
        for (String rule : rules(settings)) {
            out.append("add rule %s %s\n".formatted(chain, rule));
        }
    }

    private String type() {
        return ipv4 ? "ipv4_addr" : "ipv6_addr";
    }

    /** Addresses are translated in chains for that only, which must come after connection tracking. */
    private static String hook(NftSettings settings) {
        return settings.verdict().kind() == Kind.REDIRECT
                ? "type nat hook prerouting priority dstnat - 10"
                : "type filter hook %s priority %s"
                        .formatted(settings.hook().name().toLowerCase(Locale.ROOT), settings.priority());
    }

    private List<String> rules(NftSettings settings) {
        String match = match(settings);
        String detail = settings.verdict().detail();
        return switch (settings.verdict().kind()) {
            case DROP -> List.of(match + " counter drop");
            case LIMIT ->
                List.of("%s %s update @%s { %s limit rate over %s burst %d packets } counter drop"
                        .formatted(FIRST_OF_CONNECTION, match, name() + RATES, source(), detail, BURST));
            case REDIRECT -> List.of("%s counter redirect to :%s".formatted(match, detail));
            case REJECT -> reject(match, detail, settings.ports().isEmpty());
        };
    }

    private static List<String> reject(String match, String detail, boolean allPorts) {
        if (detail.isEmpty() ? allPorts : !detail.equals(NftVerdict.TCP_RESET)) {
            String code = detail.isEmpty() ? "port-unreachable" : detail;
            return List.of("%s counter reject with icmpx type %s".formatted(match, code));
        }
        String reset = match + " counter reject with tcp reset";
        return allPorts ? List.of("meta l4proto tcp " + reset, match + " counter drop") : List.of(reset);
    }

    private String match(NftSettings settings) {
        String interfaces =
                settings.interfaces().stream().map(name -> '"' + name + '"').collect(Collectors.joining(", "));
        String ports = settings.ports().stream().map(String::valueOf).collect(Collectors.joining(", "));
        return (interfaces.isEmpty() ? "" : "iifname { " + interfaces + " } ")
                + (ports.isEmpty() ? "" : "tcp dport { " + ports + " } ")
                + source()
                + " @"
                + name();
    }

    /** What is looked up: the client's address under this length's mask. */
    private String source() {
        String address = ipv4 ? "ip saddr" : "ip6 saddr";
        return isOfAddresses() ? address : address + " & " + mask();
    }

    private String mask() {
        IpPrefix ones = ipv4 ? IpPrefix.ofIpv4(-1) : new IpPrefix(-1, -1, 128);
        return Prefixes.first(ones.network(length));
    }
}
