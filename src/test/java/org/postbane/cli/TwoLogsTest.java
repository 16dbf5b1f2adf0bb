package org.postbane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Postfix tells who sent, rspamd tells in a file of its own what: {@code scan} has to hear both together. */
class TwoLogsTest {

    private static final Path LOGS = Path.of("src/test/resources/org/postbane/cli");

    @TempDir
    private Path config;

    @Test
    void scan_mailLogAndRspamdLog_joinsThem() {
        String expected = "198.51.100.1 spam 1 victims 1 ham 0; 2001:db8:12:9::109 spam 1 victims 1 ham 0;"
                + " 203.0.113.2 spam 0 victims 0 ham 1; ";

        assertEquals(expected, clients("rspamd-mail.log", "rspamd.log"));
        assertEquals(expected, clients("rspamd.log", "rspamd-mail.log"));
    }

    /** Each client once, by its name. */
    private String clients(String... logs) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] words = {
            "scan",
            "--config",
            config.toString(),
            "--json",
            "--year",
            "2026",
            "--zone",
            "UTC",
            LOGS.resolve(logs[0]).toString(),
            LOGS.resolve(logs[1]).toString()
        };

        int status = Cli.run(words, 0, InputStream.nullInputStream(), out, err, socket -> OptionalInt.empty());

        assertEquals("", err.toString(UTF_8));
        assertEquals(ExitStatus.OK, status);
        Pattern client = Pattern.compile(
                "\"client\": *\"([^\"]+)\", *\"spam\": *([0-9]+), *\"victims\": *([0-9]+), *\"ham\": *([0-9]+)");
        StringBuilder text = new StringBuilder();
        Matcher found = client.matcher(out.toString(UTF_8));
        found.results()
                .map(one -> "%s spam %s victims %s ham %s; "
                        .formatted(one.group(1), one.group(2), one.group(3), one.group(4)))
                .sorted()
                .forEach(text::append);
        return text.toString();
    }
}
