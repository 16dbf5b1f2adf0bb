package org.postbane.act;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Where and how {@link NftAction} keeps clients out: the {@code [Init]} section of {@code actions/nftables.conf}.
 *
 * @param name of the action, in the configuration
 * @param table of family {@code inet}; belongs to this action alone: whatever else stands in it is deleted
 * @param hook where packets are looked at; a redirect has a hook and priority of its own
 * @param priority among the chains of that hook: a name of nft(8), perhaps with an offset ({@code filter - 10}), or a number
 * @param ports TCP ports that are closed to the banned, 1 to 65535 each; none for all ports and protocols
 * @param interfaces on which packets must come in, as {@code eth0}; none for all
 * @param verdict what becomes of their packets
 */
public record NftSettings(
        String name,
        String table,
        Hook hook,
        String priority,
        List<Integer> ports,
        List<String> interfaces,
        NftVerdict verdict)
        implements ActionSettings {

    /** {@code NFT_TABLE_MAXNAMELEN} is 256; some room is left for {@link #BRIDGE}. */
    private static final Pattern TABLE = Pattern.compile("[a-zA-Z][a-zA-Z0-9_]{0,63}");

    private static final Pattern PRIORITY = Pattern.compile("([a-z]+)( ?[+-] ?[0-9]{1,4})?|-?[0-9]{1,5}");
    /** {@code IFNAMSIZ} is 16, with a zero at the end. */
    private static final Pattern INTERFACE = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9_.:@-]{0,14}");

    private static final Set<String> PRIORITIES = Set.of("raw", "mangle", "filter", "security");

    /** Appended to the name of the table that holds the bans while a big one is rebuilt. */
    static final String BRIDGE = "_bridge";

    /** The hooks of nft(8) that see packets from outside to this machine. */
    public enum Hook {
        PREROUTING,
        INPUT;

        /** The hook of this name, in lower case as nft writes it. */
        public static Hook parse(String text) {
            return constant(Hook.class, text, "prerouting or input");
        }
    }

    /** What iptables makes of a packet. */
    public enum Verdict {
        /** The client waits for its own timeout. */
        DROP,
        /** The client learns at once that nobody listens: a TCP reset, or ICMP port unreachable where all ports are closed. */
        REJECT;

        /** The verdict of this name, in lower case as nft writes it. */
        public static Verdict parse(String text) {
            return constant(Verdict.class, text, "drop or reject");
        }
    }

    public NftSettings {
        table(table);
        priority(priority);
        ports = List.copyOf(ports);
        ports.forEach(NftSettings::requirePort);
        interfaces = List.copyOf(interfaces);
        interfaces.forEach(NftSettings::requireInterface);
        if (verdict.needsPorts() && ports.isEmpty()) {
            throw new IllegalArgumentException("verdict limit or redirect needs ports: all is too much");
        }
    }

    /** The name of a table, if it is one; the message of the exception says why not. */
    public static String table(String text) {
        if (!TABLE.matcher(text).matches() || text.endsWith(BRIDGE)) {
            throw new IllegalArgumentException(
                    "'%s' is no name for a table: expected a letter and at most 63 letters, digits or _"
                            .formatted(text));
        }
        return text;
    }

    /** A priority, if it is one; the message of the exception says why not. */
    public static String priority(String text) {
        var parts = PRIORITY.matcher(text);
        if (!parts.matches() || parts.group(1) != null && !PRIORITIES.contains(parts.group(1))) {
            throw new IllegalArgumentException(
                    "'%s' is no priority: expected raw, mangle, filter or security, perhaps with an offset, or a number"
                            .formatted(text));
        }
        return text;
    }

    /** Names of interfaces between commas or blanks ({@code eth0, ppp0}), or {@code all} for an empty list. */
    public static List<String> interfaces(String text) {
        if (text.strip().equals("all")) {
            return List.of();
        }
        List<String> names = new ArrayList<>();
        for (String word : text.strip().split("\\s*,\\s*|\\s+", -1)) {
            requireInterface(word);
            if (!names.contains(word)) {
                names.add(word);
            }
        }
        return names;
    }

    private static void requireInterface(String name) {
        if (!INTERFACE.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no interface: expected at most 15 letters, digits, or . _ : @ -".formatted(name));
        }
    }

    private static void requirePort(int port) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port %d is not in 1..65535".formatted(port));
        }
    }

    /** The mail ports (25, 465, 587) are closed as early as can be: table {@code postbane}, hook prerouting, priority raw, drop. */
    public static NftSettings defaults(String name) {
        return new NftSettings(
                name, "postbane", Hook.PREROUTING, "raw", List.of(25, 465, 587), List.of(), NftVerdict.DROP);
    }

    /** Port numbers between commas or blanks ({@code 25, 465, 587}), or {@code all} for an empty list. */
    public static List<Integer> ports(String text) {
        if (text.strip().equals("all")) {
            return List.of();
        }
        List<Integer> ports = new ArrayList<>();
        for (String word : text.strip().split("\\s*,\\s*|\\s+", -1)) {
            if (!word.matches("[0-9]{1,5}")) {
                throw new IllegalArgumentException("'%s' is no port: expected numbers, or all".formatted(word));
            }
            int port = Integer.parseInt(word);
            requirePort(port);
            if (!ports.contains(port)) {
                ports.add(port);
            }
        }
        return ports;
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String text, String expected) {
        for (E constant : type.getEnumConstants()) {
            if (constant.name().toLowerCase(Locale.ROOT).equals(text)) {
                return constant;
            }
        }
        throw new IllegalArgumentException("'%s': expected %s".formatted(text, expected));
    }

    @Override
    public Set<String> places() {
        return Set.of("table inet " + table + " of nftables");
    }
}
