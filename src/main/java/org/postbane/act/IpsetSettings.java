package org.postbane.act;

import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where and how {@link IpsetAction} keeps clients out: the {@code [Init]} section of {@code actions/ipset.conf}.
 *
 * @param set name of the sets: 4 or 6 is appended for addresses, n4 or n6 for networks
 * @param maxElements of each set, 1000 to 16777216
 * @param rules of iptables, which ask the sets
 */
public record IpsetSettings(String set, int maxElements, IptablesSettings rules) implements ActionSettings {

    /** ipset takes 31; some room is left. */
    private static final Pattern SET = Pattern.compile("[a-zA-Z][a-zA-Z0-9_-]{0,23}");

    public IpsetSettings {
        set(set);
        if (maxElements < 1000 || maxElements > 1 << 24) {
            throw new IllegalArgumentException("%d elements are not in 1000..16777216".formatted(maxElements));
        }
    }

    /** The name of a set, if it is one. */
    public static String set(String text) {
        if (!SET.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no name for a set: expected a letter and at most 23 letters, digits, _ or -"
                            .formatted(text));
        }
        return text;
    }

    @Override
    public String name() {
        return rules.name();
    }

    @Override
    public Set<String> places() {
        return Set.copyOf(Stream.concat(Stream.of("set " + set + " of ipset"), rules.places().stream())
                .toList());
    }
}
