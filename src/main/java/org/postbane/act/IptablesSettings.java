package org.postbane.act;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.postbane.act.NftSettings.Hook;
import org.postbane.act.NftSettings.Verdict;

/**
 * Where and how {@link IptablesAction}, and the rules of {@link IpsetAction}, keep clients out.
 *
 * @param name of the action, in the configuration
 * @param chain belongs to this action alone
 * @param hook prerouting (table raw) or input (table filter)
 * @param ports TCP ports that are closed to the banned, at most 15; none for all ports and protocols
 * @param verdict reject with hook input only
 */
public record IptablesSettings(String name, String chain, Hook hook, List<Integer> ports, Verdict verdict)
        implements ActionSettings {

    /** 28 is what iptables takes. */
    private static final Pattern CHAIN = Pattern.compile("[a-zA-Z][a-zA-Z0-9_-]{0,27}");

    private static final int MOST_PORTS = 15;

    public IptablesSettings {
        chain(chain);
        ports = List.copyOf(ports);
        if (ports.size() > MOST_PORTS) {
            throw new IllegalArgumentException("more than %d ports are more than iptables takes".formatted(MOST_PORTS));
        }
        if (verdict == Verdict.REJECT && hook == Hook.PREROUTING) {
            throw new IllegalArgumentException("verdict reject needs hook input: iptables cannot reject earlier");
        }
    }

    /** The name of a chain, if it is one. */
    public static String chain(String text) {
        if (!CHAIN.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no name for a chain: expected a letter and at most 27 letters, digits, _ or -"
                            .formatted(text));
        }
        return text;
    }

    /** As delivered: mail ports, as early as can be, drop. */
    static IptablesSettings defaults(String name) {
        return new IptablesSettings(name, "postbane", Hook.PREROUTING, List.of(25, 465, 587), Verdict.DROP);
    }

    String table() {
        return hook == Hook.PREROUTING ? "raw" : "filter";
    }

    @Override
    public Set<String> places() {
        return Set.of("chain %s in table %s of iptables".formatted(chain, table()));
    }
}
