package org.postbane.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/** The users of this system and their numbers, as {@code /etc/passwd} has them. Users of a directory service are not in it. */
public final class Accounts {

    private static final Path PASSWD = Path.of("/etc/passwd");
    private static final int NAME = 0;
    private static final int UID = 2;

    private final Map<String, Long> numbers = new HashMap<>();

    private Accounts() {}

    /** Reads the file; without it, nobody is known. */
    public static Accounts read() {
        Accounts accounts = new Accounts();
        try {
            // not UTF-8, which the names of strangers need not be
            for (String line : Files.readAllLines(PASSWD, StandardCharsets.ISO_8859_1)) {
                String[] parts = line.split(":", -1);
                if (parts.length > UID && parts[UID].matches("[0-9]{1,10}")) {
                    accounts.numbers.putIfAbsent(parts[NAME], Long.parseLong(parts[UID]));
                }
            }
        } catch (IOException e) {
            accounts.numbers.clear();
        }
        return accounts;
    }

    /** @param user a name, or the number itself */
    public OptionalLong number(String user) {
        if (user.matches("[0-9]{1,10}")) {
            return OptionalLong.of(Long.parseLong(user));
        }
        Long number = numbers.get(user);
        return number == null ? OptionalLong.empty() : OptionalLong.of(number);
    }
}
