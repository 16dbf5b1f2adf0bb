package org.postbane.act;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What nftables makes of a banned client's packets.
 *
 * @param detail of a reject, the ICMP code or {@link #TCP_RESET} or empty for what fits; of a limit, {@code 10/minute}; of a
 *     redirect, the port; else empty
 */
public record NftVerdict(Kind kind, String detail) {

    /** The kinds of verdict. */
    public enum Kind {
        /** The client waits for its own timeout. */
        DROP,
        /** The client is told at once. */
        REJECT,
        /** New connections of a ban's address or network go through up to a rate; those above it are dropped. */
        LIMIT,
        /** New connections end at another port of this machine, where a tarpit may listen. */
        REDIRECT
    }

    public static final NftVerdict DROP = new NftVerdict(Kind.DROP, "");

    static final String TCP_RESET = "tcp-reset";

    /** Codes of nft's icmpx, which exist in both families. */
    private static final List<String> CODES =
            List.of("port-unreachable", "host-unreachable", "no-route", "admin-prohibited");

    private static final Pattern LIMIT = Pattern.compile("([1-9][0-9]{0,5})/(second|minute|hour|day)");
    private static final Pattern PORT = Pattern.compile("[1-9][0-9]{0,4}");
    private static final int HIGHEST_PORT = 65535;

    private static final Map<Kind, String> EXPECTED = Map.of(
            Kind.DROP, "nothing after drop",
            Kind.REJECT, "reject, perhaps with " + TCP_RESET + ", " + String.join(", ", CODES),
            Kind.LIMIT, "limit N/second, N/minute, N/hour or N/day",
            Kind.REDIRECT, "redirect and a port from 1 to 65535");

    public NftVerdict {
        boolean good = switch (kind) {
            case DROP -> detail.isEmpty();
            case REJECT -> detail.isEmpty() || detail.equals(TCP_RESET) || CODES.contains(detail);
            case LIMIT -> LIMIT.matcher(detail).matches();
            case REDIRECT -> PORT.matcher(detail).matches() && Integer.parseInt(detail) <= HIGHEST_PORT;
        };
        if (!good) {
            throw new IllegalArgumentException("verdict '%s': expected %s"
                    .formatted((kind.name().toLowerCase(Locale.ROOT) + " " + detail).strip(), EXPECTED.get(kind)));
        }
    }

    /** A kind, in lower case, and its detail after a blank. */
    public static NftVerdict parse(String text) {
        Matcher words =
                Pattern.compile("(drop|reject|limit|redirect)(?: +(\\S+))?").matcher(text);
        if (!words.matches()) {
            throw new IllegalArgumentException(
                    "'%s': expected drop, reject, limit N/minute or redirect PORT".formatted(text));
        }
        String detail = words.group(2);
        return new NftVerdict(Kind.valueOf(words.group(1).toUpperCase(Locale.ROOT)), detail == null ? "" : detail);
    }

    /** Whether it only makes sense for chosen TCP ports. */
    boolean needsPorts() {
        return kind == Kind.LIMIT || kind == Kind.REDIRECT;
    }
}
