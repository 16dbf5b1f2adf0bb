package org.postbane.parse;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.source.Line;

final class RecentTagsTest {

    private final RecentTags tags = new RecentTags();

    @ParameterizedTest
    @ValueSource(strings = {"a", "dovecot", "postfix/smtpd", "postfix/submission/smtpd"})
    void find_nameThatWasAdded_isTheSame_andNoOther(String name) {
        ProgramTable.Entry entry = add(name);

        assertSame(entry, find(name));
        assertNull(find(name.substring(1)));
        assertNull(find("x" + name.substring(1)));
        assertNull(find(name.substring(0, name.length() - 1) + "x"));
    }

    @Test
    void find_nulsBehindTheName_areNoneOfIt() {
        add("postfix/smtpd");

        assertNull(find("postfix/smtpd\0"), "as if a stranger's program were Postfix");
    }

    @Test
    void add_nameThatIsTooLong_isNotKept() {
        add("postfix/submissions2/smtpd");

        assertNull(find("postfix/submissions2/smt"));
    }

    @Test
    void add_manyNames_eachIsItselfOrForgotten() {
        for (int i = 0; i < 1000; i++) {
            add("program" + i);
        }
        ProgramTable.Entry last = add("program");

        assertSame(last, find("program"));
    }

    private ProgramTable.Entry add(String name) {
        ProgramTable.Entry entry = new ProgramTable.Entry(name.getBytes(StandardCharsets.UTF_8), null, name);
        Line line = Line.of(name);
        tags.add(line, line.start(), line.end(), entry);
        return entry;
    }

    private ProgramTable.@Nullable Entry find(String name) {
        Line line = Line.of(name);
        return tags.find(line, line.start(), line.end());
    }
}
