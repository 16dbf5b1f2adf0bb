package org.postbane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The sample log that the README shows: real lines of Postfix and amavisd-new, of three spammers, an honest relay with two
 * spams among its mail, one who tries passwords, one who wrote to a trap, and a friend.
 */
class SampleLogTest {

    private static final Path SAMPLE = Path.of("src/test/resources/sample");

    /** Has no files: those that are built in count. */
    @TempDir
    private Path config;

    @Test
    void scan_sampleLog_printsWhatItAlwaysDid() throws IOException {
        String printed = scan();

        assertEquals(
                Files.readString(SAMPLE.resolve("expected.txt")), printed.replaceAll("in [0-9.]+ s;", "in 0.0 s;"));
    }

    @Test
    void scan_sampleLogAsJson_printsWhatItAlwaysDid() throws IOException {
        String printed = scan("--json");

        assertEquals(Files.readString(SAMPLE.resolve("expected.json")), printed);
    }

    private String scan(String... more) {
        String[] words = {
            "scan",
            "--config",
            config.toString(),
            "--year",
            "2026",
            "--zone",
            "UTC",
            "--traps",
            SAMPLE.resolve("traps").toString(),
            SAMPLE.resolve("mail.log").toString()
        };
        String[] all = java.util.Arrays.copyOf(words, words.length + more.length);
        System.arraycopy(more, 0, all, words.length, more.length);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();

        int status = Cli.run(all, 0, InputStream.nullInputStream(), out, err, socket -> OptionalInt.empty());

        assertEquals("", err.toString(UTF_8));
        assertEquals(ExitStatus.OK, status);
        return out.toString(UTF_8);
    }
}
