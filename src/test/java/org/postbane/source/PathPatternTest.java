package org.postbane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathPatternTest {

    @TempDir
    Path dir;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /var/log/mail.log        | /var/log/mail.log          | true
            /var/log/mail.log        | /var/log/mailxlog          | false
            /var/log/*.log           | /var/log/mail.log          | true
            /var/log/*.log           | /var/log/.log              | false
            /var/log/.*              | /var/log/.log              | true
            /var/log/*.log           | /var/log/a/mail.log        | false
            /var/log/*/mail.log      | /var/log/mx1/mail.log      | true
            /var/log/*/mail.log      | /var/log/mail.log          | false
            /var/log/mail?.log       | /var/log/mail1.log         | true
            /var/log/mail?.log       | /var/log/mail.log          | false
            /var/log/mx[1-3].log     | /var/log/mx2.log           | true
            /var/log/mx[!1-3].log    | /var/log/mx2.log           | false
            /var/log/mx[!1-3].log    | /var/log/mx4.log           | true
            /var/log/mx[]x].log      | /var/log/mx].log           | true
            /var/log/a[*]b           | /var/log/a*b               | true
            /var/log/a[*]b           | /var/log/axb               | false
            /var/log/a[^]b           | /var/log/a^b               | true
            /var/log/a(b)*.{c}       | /var/log/a(b)d.{c}         | true
            """)
    void path_matches(String pattern, Path path, boolean expected) {
        assertEquals(expected, PathPattern.parse(pattern).matches(path));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            mail.log           | not an absolute path
            /var/log/**/x.log  | is not known
            /var/log/[a        | a [ without a ]
            /var/log/[z-a]     | range
            /var/log/          | is a directory
            /var/*/            | expected names
            /var/*/../x        | expected names
            """)
    void text_thatIsNoPattern_isRefused(String text, String why) {
        String said = assertThrows(IllegalArgumentException.class, () -> PathPattern.parse(text))
                .toString();

        assertTrue(said.contains(why), said);
    }

    @Test
    void find_filesOnly_inOrder_noHiddenNames() throws IOException {
        for (String name : List.of("b.log", "a.log", ".c.log", "d.txt")) {
            Files.createFile(dir.resolve(name));
        }
        Files.createDirectory(dir.resolve("e.log"));
        Files.createFile(dir.resolve("x\ny.log"));

        PathPattern.Found found = PathPattern.parse(dir + "/*.log").find();

        assertEquals(
                List.of(dir.resolve("a.log"), dir.resolve("b.log")),
                found.files().stream().toList());
        assertEquals(List.of(), found.faults());
    }

    @Test
    void find_directoryThatIsMissing_findsNothing() {
        PathPattern.Found found = PathPattern.parse(dir + "/none/*/x.log").find();

        assertTrue(found.files().isEmpty());
        assertTrue(found.faults().isEmpty());
    }

    @Test
    void find_directoryThatCannotBeListed_isAFault() throws IOException {
        Path loop = Files.createSymbolicLink(dir.resolve("loop"), dir.resolve("loop"));

        PathPattern.Found found = PathPattern.parse(loop + "/*.log").find();

        assertTrue(found.files().isEmpty());
        assertTrue(
                found.faults().get(0).startsWith(loop + ": "),
                () -> found.faults().toString());
    }
}
