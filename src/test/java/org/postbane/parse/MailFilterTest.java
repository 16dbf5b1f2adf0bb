package org.postbane.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postbane.model.Judgement;

final class MailFilterTest {

    private static final MailFilter FILTER = new MailFilter(
            Map.of(
                    Software.POSTFIX, Set.of("smtpd", "cleanup", "mta/odd/qmgr"),
                    Software.AMAVIS, Set.of("amavis", "/usr/sbin/amavisd"),
                    Software.OPENSMTPD, Set.of("smtpd")),
            Map.of(
                    "BAD-HEADER",
                    Judgement.CLEAN,
                    "UNCHECKED",
                    Judgement.UNCHECKED,
                    "UNCHECKED-ENCRYPTED",
                    Judgement.SPAM));

    @ParameterizedTest
    @CsvSource({
        "postfix/smtpd, smtpd",
        "postfix/submission/smtpd, smtpd",
        "postfix-out/cleanup, cleanup",
        "mta/odd/qmgr, qmgr",
        "postfix/qmgr,",
        "smtpd,",
        "postfix,",
        "postfix/,",
        "postfix/smtpdx,"
    })
    void postfixService_name_isLastPart(String program, String expected) {
        assertEquals(expected, FILTER.postfixService(program));
    }

    @ParameterizedTest
    @CsvSource({
        "amavis, AMAVIS",
        "/usr/sbin/amavisd, AMAVIS",
        "amavisd,",
        "x/amavis, AMAVIS",
        "amavis2,",
        "'',",
        "smtpd, OPENSMTPD",
        "postfix/smtpd, POSTFIX",
        "postfix/qmgr,"
    })
    void software_name_isWholeOrLastPart(String program, Software expected) {
        assertEquals(expected, FILTER.software(program));
    }

    @ParameterizedTest
    @CsvSource({
        "BAD-HEADER, CLEAN",
        "BAD-HEADER-7, CLEAN",
        "UNCHECKED, UNCHECKED",
        "UNCHECKED-3, UNCHECKED",
        "UNCHECKED-ENCRYPTED, SPAM",
        "UNCHECKED-ENCRYPTED-1, SPAM"
    })
    void judgement_category_isLongestListed(String category, Judgement expected) {
        assertEquals(expected, FILTER.judgement(category));
    }

    @ParameterizedTest
    @CsvSource({"BAD", "SPAM", "''", "-", "bad-header", "BAD-HEADERX"})
    void judgement_other_isNone(String category) {
        assertNull(FILTER.judgement(category));
    }

    @ParameterizedTest
    @CsvSource({"opendkim, true", "x/opendkim, true", "opendkim2, false", "amavis, false"})
    void isSilent_name_isWholeOrLastPart(String program, boolean expected) {
        MailFilter filter = new MailFilter(Map.of(), Map.of(), Set.of("opendkim"));

        assertEquals(expected, filter.isSilent(program));
    }
}
