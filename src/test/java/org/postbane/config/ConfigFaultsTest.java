package org.postbane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kind of fault with its exact words: {@code faults.cases}. */
final class ConfigFaultsTest {

    /** The agent's file of cases that are about something else, so that nothing outside the directory is read. */
    private static final String PLAIN = "[source mail]\npath = /var/log/mail.log\n";

    private static final String PLAIN_JAILS = "[spam]\nweigh = spam\naction = log\n";

    @TempDir
    Path dir;

    record Case(String name, Map<String, String> files, List<String> faults) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Case> cases() throws IOException {
        List<Case> cases = new ArrayList<>();
        try (InputStream in = ConfigFaultsTest.class.getResourceAsStream("faults.cases")) {
            String file = null;
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                if (line.startsWith("== ")) {
                    cases.add(new Case(line.substring(3), new LinkedHashMap<>(), new ArrayList<>()));
                    file = null;
                } else if (line.startsWith("@ ")) {
                    file = line.substring(2);
                } else if (line.startsWith("=> ")) {
                    cases.get(cases.size() - 1).faults().add(line.substring(3));
                    file = null;
                } else if (file != null) {
                    cases.get(cases.size() - 1).files().merge(file, line + "\n", String::concat);
                }
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void read_faulty_namesEachFault(Case one) throws IOException {
        write("postbane.conf", PLAIN);
        write("jails.conf", PLAIN_JAILS);
        for (Map.Entry<String, String> file : one.files().entrySet()) {
            write(file.getKey(), file.getValue().replace("DIR", dir.toString()));
        }

        ConfigException e = assertThrows(ConfigException.class, () -> ConfigReader.read(Optional.of(dir)));

        assertEquals(
                String.join("\n", one.faults()), String.join("\n", e.faults()).replace(dir.toString(), "DIR"));
    }

    @Test
    void read_directoryNamedButMissing_isAFault() {
        Path missing = dir.resolve("x");

        ConfigException e = assertThrows(ConfigException.class, () -> ConfigReader.read(Optional.of(missing)));

        assertEquals(List.of(missing + ": no such directory"), e.faults());
    }

    @Test
    void read_notUtf8_namesTheLine() throws IOException {
        Files.write(dir.resolve("jails.conf"), new byte[] {'#', '\n', '#', (byte) 0xe4, '\n', '#', 0, '\n'});
        write("postbane.conf", PLAIN);

        ConfigException e = assertThrows(ConfigException.class, () -> ConfigReader.read(Optional.of(dir)));

        assertEquals(
                List.of(dir + "/jails.conf:2: is not UTF-8", dir + "/jails.conf:3: holds a control character"),
                e.faults());
    }

    @Test
    void read_tooLarge_isRefused() throws IOException {
        write("jails.conf", "#\n".repeat(IniFile.MAX_BYTES / 2) + "#");
        write("postbane.conf", PLAIN);

        ConfigException e = assertThrows(ConfigException.class, () -> ConfigReader.read(Optional.of(dir)));

        assertEquals(List.of(dir + "/jails.conf: larger than 1048576 bytes"), e.faults());
    }

    @Test
    void read_jailsConfIsADirectory_isAFault() throws IOException {
        Files.createDirectory(dir.resolve("jails.conf"));
        write("postbane.conf", PLAIN);

        ConfigException e = assertThrows(ConfigException.class, () -> ConfigReader.read(Optional.of(dir)));

        assertEquals(List.of(dir + "/jails.conf: cannot be read: Is a directory"), e.faults());
    }

    @Test
    void read_linkToNowhere_isAFaultAndNotTheBuiltInFile() throws IOException {
        Files.createSymbolicLink(dir.resolve("jails.conf"), dir.resolve("gone"));
        write("postbane.conf", PLAIN);

        ConfigException e = assertThrows(ConfigException.class, () -> ConfigReader.read(Optional.of(dir)));

        assertEquals(List.of(dir + "/jails.conf: no such file"), e.faults());
    }

    private void write(String name, String text) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
