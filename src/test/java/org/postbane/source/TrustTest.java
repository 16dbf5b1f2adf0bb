package org.postbane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrustTest {

    /** As the configuration of a machine would be on which these users have these numbers. */
    private static final Trust TRUST = Trust.of("""
            */*: user=0,102 comm=program
            amavis: user=995
            spamd: user=107
            spamd: unit=spamd.service
            filter: user=9 unit=a*.service
            """);

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
            postfix/smtpd,            102,  smtpd,           postfix@-.service, true
            postfix/submission/smtpd, 102,  smtpd,           -,                 true
            postfix/trivial-rewrite,  102,  trivial-rewrite, -,                 true
            postfix/local,            0,    local,           -,                 true
            postfix/smtpd,            102,  -,               -,                 true
            postfix/smtpd,            1000, logger,          session-1.scope,   false
            postfix/smtpd,            1000, smtpd,           postfix@-.service, false
            postfix/smtpd,            0,    logger,          session-1.scope,   false
            postfix/smtpd,            -1,   smtpd,           -,                 false
            smtpd,                    102,  smtpd,           -,                 false
            amavis,                   995,  amavisd,         -,                 true
            amavis,                   1000, amavis,          amavis.service,    false
            spamd,                    107,  spamd child,     -,                 true
            spamd,                    1000, spamd child,     spamd.service,     true
            spamd,                    1000, spamd child,     user@1000.service, false
            spamd,                    1000, spamd child,     -,                 false
            filter,                   9,    x,               ab.service,        true
            filter,                   9,    x,               b.service,         false
            filter,                   8,    x,               ab.service,        false
            sshd,                     0,    sshd,            ssh.service,       false
            """)
    void trusts_byUserUnitAndComm(String program, long uid, String comm, String unit, boolean trusted) {
        assertEquals(trusted, TRUST.trusts(program, uid, comm, unit));
    }

    @Test
    void standard_localUser_isTrustedWithNothing() {
        Trust standard = Trust.standard();

        for (String program : List.of("postfix/smtpd", "amavis", "spamd", "rspamd", "dovecot", "exim")) {
            assertFalse(standard.trusts(program, 1000, program.replace("postfix/", ""), "user@1000.service"), program);
        }
        assertTrue(standard.trusts("postfix/smtpd", 0, "smtpd", null));
    }

    @Test
    void matches_unitThatIsAPattern_siftsNothing() {
        assertTrue(TRUST.matches().stream().anyMatch(group -> group.contains("_UID=102")));
        assertEquals(List.of(), Trust.of("a: unit=b*.service").matches());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            postfix/smtpd                       | is no rule
            postfix/smtpd: root                 | is no condition
            postfix/smtpd: uid=0                | is no condition
            postfix/smtpd: user=                | is no condition
            postfix/smtpd: comm=smtpd           | would trust everybody
            postfix/smtpd: user=nobody-has-this | there is no user
            """)
    void of_badRule_saysWhy(String rule, String why) {
        IllegalArgumentException fault = assertThrows(IllegalArgumentException.class, () -> Trust.of(rule));

        assertTrue(String.valueOf(fault.getMessage()).contains(why), fault::toString);
    }
}
