package org.postbane.host;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/**
 * An element of a set of addresses in a table of family inet.
 *
 * @param set its name
 * @param address the first, if it stands for a network; made from bytes, so that nobody asks DNS
 * @param seconds until the kernel takes it out, at most {@link #LONGEST}; 0 for never
 */
public record NftElement(String set, InetAddress address, long seconds) {

    /** nft's own parser and old kernels may hold no longer terms. */
    public static final Duration LONGEST = Duration.ofDays(3650);

    private static final int PER_LINE = 50; // nft prints the line at fault

    public NftElement {
        if (seconds < 0 || seconds > LONGEST.toSeconds()) {
            throw new IllegalArgumentException("%s cannot end in %d s".formatted(address, seconds));
        }
    }

    /** Appends commands that put elements in, or take them out; those of one set should stand together. */
    public static void commands(String verb, String table, List<NftElement> elements, StringBuilder out) {
        String open = "";
        int onLine = 0;
        for (NftElement element : elements) {
            if (element.set.equals(open)) {
                out.append(++onLine % PER_LINE == 0 ? ",\n" : ", ");
            } else {
                out.append(open.isEmpty() ? "" : " }\n").append(verb).append(" element inet ");
                out.append(table).append(' ').append(element.set).append(" { ");
                open = element.set;
                onLine = 0;
            }
            element.append(out);
        }
        out.append(open.isEmpty() ? "" : " }\n");
    }

    private void append(StringBuilder out) {
        out.append(address.getHostAddress());
        if (seconds > 0) { // not plain seconds: nft takes at most eight digits of them
            out.append(" timeout ");
            part(seconds / 86_400, 'd', out);
            part(seconds / 3_600 % 24, 'h', out);
            part(seconds / 60 % 60, 'm', out);
            part(seconds % 60, 's', out);
        }
    }

    private static void part(long count, char unit, StringBuilder out) {
        if (count > 0) {
            out.append(count).append(unit);
        }
    }
}
