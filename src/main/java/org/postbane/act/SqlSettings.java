package org.postbane.act;

import java.util.Set;
import java.util.regex.Pattern;
import org.postbane.host.DatabaseSettings;

/**
 * Where {@link SqlAction} keeps bans: the {@code [Init]} section of {@code actions/sql.conf}.
 *
 * @param name of the action, in the configuration
 * @param database where the table is
 * @param table its name, perhaps with that of a schema before a dot
 * @param agent who wrote a row: several agents may share a table, each knows its own rows only
 */
public record SqlSettings(String name, DatabaseSettings database, String table, String agent)
        implements ActionSettings {

    /** It stands in SQL text, so nothing that needs quotes. */
    private static final Pattern TABLE =
            Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}(\\.[A-Za-z_][A-Za-z0-9_]{0,62})?");

    public SqlSettings {
        table(table);
        agent(agent);
    }

    /** A name of a table. */
    public static String table(String text) {
        if (!TABLE.matcher(text).matches()) {
            throw new IllegalArgumentException("'%s' is no name of a table: letters, digits and _".formatted(text));
        }
        return text;
    }

    /** A name of an agent. */
    public static String agent(String text) {
        if (!text.matches("[A-Za-z0-9._-]{1,64}")) {
            throw new IllegalArgumentException("'%s' is no name: letters, digits, . _ -".formatted(text));
        }
        return text;
    }

    @Override
    public Set<String> places() {
        return Set.of("the rows of agent %s in table %s of %s".formatted(agent, table, database));
    }
}
