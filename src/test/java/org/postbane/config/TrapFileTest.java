package org.postbane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.correlate.Traps;

final class TrapFileTest {

    @TempDir
    Path dir;

    @Test
    void read_allForms_areTraps() throws Exception {
        Path file = Files.writeString(
                dir.resolve("traps"),
                "\uFEFF# comment\r\n\r\n  Trap@Example.org  # inline\r\n@trap.example.org\r\n/^x#[0-9]+@/\r\n");

        Traps traps = TrapFile.read(file);

        assertTrue(traps.matches("trap@example.org"));
        assertTrue(traps.matches("any@trap.example.org"));
        assertTrue(traps.matches("x#12@example.com"));
        assertFalse(traps.matches("y@example.com"));
    }

    @Test
    void read_badLines_areAllNamed() throws Exception {
        Path file = Files.writeString(dir.resolve("traps"), "a\nb@example.org\n/*/\n");

        ConfigException e = assertThrows(ConfigException.class, () -> TrapFile.read(file));

        assertEquals(
                List.of(
                        file + ":1: 'a' is no trap; expected user@domain, @domain or /regex/",
                        file + ":3: '/*/' is no regular expression: Dangling meta character '*' at character 2"),
                e.faults());
    }

    @Test
    void read_noFile_isAFault() {
        Path file = dir.resolve("none");

        ConfigException e = assertThrows(ConfigException.class, () -> TrapFile.read(file));

        assertEquals(List.of(file + ": no such file"), e.faults());
    }
}
