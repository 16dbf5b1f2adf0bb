package org.postbane.act;

import java.util.Locale;
import java.util.stream.Collectors;
import org.postbane.act.NftSettings.Verdict;
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
 * <p>Each chain is a base chain of its own, so that one can be added without knowing which others there are.
 */
record NftSet(boolean ipv4, int length) {

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

    /** The element for {@code prefix}: its first address. */
    static String element(IpPrefix prefix) {
        String text = prefix.toString();
        return prefix.isSingle() ? text : text.substring(0, text.indexOf('/'));
    }

    /** Commands that make the set and its chain where they are not there yet, and the chain's only rule anew. */
    void declare(NftSettings settings, String table, StringBuilder out) {
        String name = name();
        String chain = "chain inet " + table + " " + name;
        out.append("add set inet %s %s { type ipv%d_addr; flags timeout; }\n".formatted(table, name, ipv4 ? 4 : 6));
        out.append("add %s { type filter hook %s priority %s; policy accept; }\n"
                .formatted(chain, settings.hook().name().toLowerCase(Locale.ROOT), settings.priority()));
        out.append("flush %s\n".formatted(chain));
        out.append("add rule inet %s %s %s counter %s\n".formatted(table, name, match(settings), verdict(settings)));
    }

    private String match(NftSettings settings) {
        String source = ipv4 ? "ip saddr" : "ip6 saddr";
        String masked = isOfAddresses() ? source : source + " & " + mask();
        String ports = settings.ports().stream().map(String::valueOf).collect(Collectors.joining(", "));
        String port = ports.isEmpty() ? "" : "tcp dport { " + ports + " } ";
        return port + masked + " @" + name();
    }

    private String mask() {
        IpPrefix ones = ipv4 ? IpPrefix.ofIpv4(-1) : new IpPrefix(-1, -1, 128);
        return element(ones.network(length));
    }

    private static String verdict(NftSettings settings) {
        if (settings.verdict() == Verdict.DROP) {
            return "drop";
        }
        return settings.ports().isEmpty() ? "reject" : "reject with tcp reset";
    }
}
