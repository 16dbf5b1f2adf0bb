package org.postbane.host;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which database, and as whom.
 *
 * @param url the JDBC address, with whatever the driver takes behind {@code ?}
 * @param user empty for none
 * @param password empty for none
 * @param passwordFile holds the password in its first line; wins over {@code password}
 * @param drivers jars, or directories of jars, of drivers that are not part of the program; those that are missing are passed over
 */
public record DatabaseSettings(
        String url, String user, String password, Optional<Path> passwordFile, List<Path> drivers) {

    /** Where Debian puts the drivers of MariaDB and PostgreSQL. */
    public static final String DRIVERS = "/usr/share/java/mariadb-java-client.jar /usr/share/java/postgresql.jar";

    public DatabaseSettings {
        url(url);
        drivers = List.copyOf(drivers);
    }

    /** A JDBC address, by its form. */
    public static String url(String text) {
        if (!text.matches("jdbc:[a-z0-9]+:\\S+")) {
            throw new IllegalArgumentException("'%s' is no JDBC address; expected e.g. jdbc:mariadb://localhost/mail"
                    .formatted(withoutSecrets(text)));
        }
        return text;
    }

    /** A driver takes {@code ?user=x&password=y}, too. */
    static String withoutSecrets(String url) {
        int end = url.indexOf('?') < 0 ? url.indexOf(';') : url.indexOf('?');
        return end < 0 ? url : url.substring(0, end);
    }

    /** For people: without the password. */
    @Override
    public String toString() {
        return withoutSecrets(url);
    }
}
