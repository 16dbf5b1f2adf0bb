package org.postbane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.config.ConfigException;

class CommonOptionsTest {

    private static @Nullable CommonOptions plain(String line) {
        return CommonOptions.plain(line.isEmpty() ? List.of() : List.of(line.split(" ")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--config /etc/x", "--socket /run/x", "--config a --socket b", "--socket b --config a"})
    void plain_whatAServiceManagerWrites_isUnderstood(String words) {
        assertNotNull(plain(words));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "-h",
                "--config",
                "--config=/etc/x",
                "--config a --config b",
                "--config --socket",
                "--config @x",
                "--config a more",
                "--what x",
                "x"
            })
    void plain_anythingElse_isForPicocli(String words) {
        assertNull(plain(words));
    }

    @Test
    void plain_config_isWhatIsRead() {
        CommonOptions options = Objects.requireNonNull(plain("--config /nonexistent/postbane"));

        ConfigException fault = assertThrows(ConfigException.class, options::configuration);

        assertEquals(List.of("/nonexistent/postbane: no such directory"), fault.faults());
    }
}
