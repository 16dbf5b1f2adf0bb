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
            Set.of("smtpd", "cleanup", "mta/odd/qmgr"),
            Set.of("amavis", "/usr/sbin/amavisd"),
            Set.of("spamd"),
            Set.of("dovecot"),
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
        "amavis, true",
        "/usr/sbin/amavisd, true",
        "amavisd, false",
        "x/amavis, true",
        "amavis2, false",
        "'', false"
    })
    void isAmavis_name_isWholeOrLastPart(String program, boolean expected) {
        assertEquals(expected, FILTER.isAmavis(program));
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
}
