package org.postbane.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How a jail names an action, in fail2ban's form: {@code nftables} or {@code nftables[ports="25,587", table=mail]}.
 *
 * @param action the name of the action's file
 * @param settings what it overrides, by key
 */
record ActionCall(String action, Map<String, String> settings) {

    private static final int MAX_LENGTH = 2_000;
    private static final String VALUE = "\"[^\"]*\"|'[^']*'|[^\\s\"',\\[\\]]+";
    private static final String SETTING = "\\s*([A-Za-z0-9_.-]+)\\s*=\\s*(" + VALUE + ")\\s*";
    private static final Pattern CALL =
            Pattern.compile("([^\\s,\\[\\]]+)(\\[((?:[^\"'\\]]|\"[^\"]*\"|'[^']*')*+)\\])?");
    private static final Pattern ONE = Pattern.compile(SETTING);
    private static final Pattern GAP = Pattern.compile("[\\s,]*");

    ActionCall {
        settings = Map.copyOf(settings);
    }

    /** Several calls, separated by blanks, commas or line ends. */
    static List<ActionCall> parseAll(String text) {
        if (text.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("longer than %d characters".formatted(MAX_LENGTH));
        }
        List<ActionCall> calls = new ArrayList<>();
        Matcher gap = GAP.matcher(text);
        Matcher call = CALL.matcher(text);
        int at = 0;
        while (true) {
            gap.region(at, text.length());
            at = gap.lookingAt() ? gap.end() : at;
            if (at == text.length()) {
                break;
            }
            call.region(at, text.length());
            if (!call.lookingAt()) {
                throw new IllegalArgumentException(
                        "'%s' is no action; expected e.g. nftables or nftables[ports=\"25,587\"]"
                                .formatted(text.substring(at)));
            }
            ActionCall one = new ActionCall(
                    Values.name(call.group(1)), call.group(3) == null ? Map.of() : settings(call.group(3)));
            if (calls.contains(one)) {
                throw new IllegalArgumentException("names '%s' twice".formatted(one.action()));
            }
            calls.add(one);
            at = call.end();
        }
        if (calls.isEmpty()) {
            throw new IllegalArgumentException("names no action; 'log' only writes to the log");
        }
        return calls;
    }

    private static Map<String, String> settings(String text) {
        Map<String, String> settings = new TreeMap<>();
        Matcher one = ONE.matcher(text);
        int at = 0;
        while (at < text.length()) {
            one.region(at, text.length());
            boolean found = one.lookingAt();
            if (!found || one.end() < text.length() && text.charAt(one.end()) != ',') {
                throw new IllegalArgumentException(
                        "'[%s]' is no list of settings; expected e.g. [ports=\"25,587\"]".formatted(text));
            }
            String value = one.group(2);
            boolean quoted = value.startsWith("\"") || value.startsWith("'");
            if (settings.put(one.group(1), quoted ? value.substring(1, value.length() - 1) : value) != null) {
                throw new IllegalArgumentException("sets '%s' twice".formatted(one.group(1)));
            }
            at = one.end() + 1;
        }
        return settings;
    }

    /** In one form, whatever the order and the quotes were: calls that mean the same have the same name. */
    @Override
    public String toString() {
        return settings.isEmpty()
                ? action
                : new TreeMap<>(settings)
                        .entrySet().stream()
                                .map(e -> e.getKey() + "=\"" + e.getValue() + "\"")
                                .collect(Collectors.joining(",", action + "[", "]"));
    }
}
