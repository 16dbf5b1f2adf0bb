package org.postbane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class IniFileTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            quoteCharacter = '`',
            value = {
                "[a]\\nk = v|1[a] 2k=v",
                "[a]\\nk=v|1[a] 2k=v",
                "[a]\\nk: v|1[a] 2k=v",
                "[a]\\nk = v = w|1[a] 2k=v = w",
                "[a]\\nk =|1[a] 2k=",
                "# c\\n; c\\n\\n  # c\\n[a] # c\\nk = v   # c|5[a] 6k=v",
                "[a]\\nk = v ; c|1[a] 2k=v",
                "[a]\\nk = v;w#x|1[a] 2k=v;w#x",
                "[a]\\nk = # c|1[a] 2k=",
                "[a]\\nk = v\\n  w\\n\\n # c\\n\\tx # c\\nl = y|1[a] 2k=v/w/x 7l=y",
                "[a]\\nk =\\n  v|1[a] 2k=v",
                "[a]\\n  k = v\\n  l = w\\n    x|1[a] 2k=v 3l=w/x",
                "[a]\\nk = v\\n  l = w|1[a] 2k=v/l = w",
                "[a]\\n  k = v\\n[b]\\n  l = w|1[a] 2k=v 3[b] 4l=w",
                "[a]\\r\\nk = v\\r\\n|1[a] 2k=v",
                "\\uFEFF[a]\\nk = v|1[a] 2k=v",
                "[a]\\nk = ä€😀|1[a] 2k=ä€😀",
                "[a]\\nk = C:\\x\\ty\\|1[a] 2k=C:\\x\\ty\\",
                "[a]\\nk = v\\\\nl = w|1[a] 2k=v\\ 3l=w",
                "[a]\\nk = <x>\\nl = ${k} %(k)s|1[a] 2k=<x> 3l=${k} %(k)s",
                "[a/b]\\nk.l = v|1[a/b] 2k.l=v",
                "[source mail]\\nK = V|1[source mail] 2K=V",
                "[ a ]\\n|1[a]",
                "|",
            })
    void parse_text_yieldsSectionsAndKeysWithLines(String text, String expected) throws IOException {
        Faults faults = new Faults();

        IniFile file = parse(
                (text == null ? "" : text)
                        .replace("\\r", "\r")
                        .replace("\\n", "\n")
                        .replace("\\t", "\t")
                        .replace("\\uFEFF", "\uFEFF"),
                faults);

        assertEquals((expected == null ? "" : expected).replace("\\t", "\t"), shape(file));
        assertEquals(0, faults.count());
    }

    @Test
    void parse_includeSyntax_opensNothing() throws Exception {
        Faults faults = new Faults();

        IniFile file = parse("</etc/passwd>\n[a]\n<?/etc/passwd>\nk = v", faults);

        assertEquals("2[a] 4k=v", shape(file));
        assertEquals(2, faults.count());
    }

    private static IniFile parse(String text, Faults faults) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return IniFile.parse(
                TextFile.decode(new Place("f", 0, false), new ByteArrayInputStream(bytes), 10_000, faults)
                        .orElseThrow(),
                faults);
    }

    /** {@code 1[section] 2key=value}, line ends within values as {@code /}. */
    private static String shape(IniFile file) {
        return file.sections().stream()
                .map(part -> part.place().line() + "[" + part.name() + "]"
                        + part.entries().stream()
                                .map(e -> " " + e.place().line() + e.key() + "="
                                        + e.value().replace('\n', '/'))
                                .collect(Collectors.joining()))
                .collect(Collectors.joining(" "));
    }
}
