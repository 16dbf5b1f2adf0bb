package org.postbane.act;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which table of pf {@link PfAction} fills: the {@code [Init]} section of {@code actions/pf.conf}.
 *
 * @param anchor that has the table; empty for the main ruleset
 * @param table belongs to this action alone
 * @param killStates whether connections that are open when a ban begins are cut
 */
public record PfSettings(String name, Optional<String> anchor, String table, boolean killStates)
        implements ActionSettings {

    /** PF_TABLE_NAME_SIZE is 32, with the zero. */
    private static final Pattern TABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,30}");

    private static final Pattern ANCHOR = Pattern.compile("[A-Za-z0-9_-]{1,63}(/[A-Za-z0-9_-]{1,63})*");

    public PfSettings {
        table(table);
        anchor.ifPresent(PfSettings::anchor);
    }

    /** The name of a table, if it is one. */
    public static String table(String text) {
        if (!TABLE.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no name for a table: expected a letter and at most 30 letters, digits, _ or -"
                            .formatted(text));
        }
        return text;
    }

    /** The path of an anchor, if it is one. */
    public static String anchor(String text) {
        if (!ANCHOR.matcher(text).matches() || text.length() > 512) {
            throw new IllegalArgumentException("'%s' is no path of an anchor: expected e.g. postbane".formatted(text));
        }
        return text;
    }

    @Override
    public Set<String> places() {
        return Set.of("table " + anchor.map(path -> path + "/").orElse("") + table + " of pf");
    }
}
