package org.postbane.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Texts as Postfix's {@code src/smtpd/smtpd_check.c} and postscreen print them, then as Exim and Sendmail do. */
final class RejectKindTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "550 5.1.1 <nosuch@example.org>: Recipient address rejected: User unknown in virtual mailbox table | UNKNOWN_USER",
                "550 5.1.1 <nosuch@example.org>: Recipient address rejected: undeliverable address: unknown user | UNKNOWN_USER",
                "450 4.1.1 <x@example.org>: Recipient address rejected: unverified address: Address verification in progress | OTHER",
                "550 5.1.10 <x@example.org>: Recipient address rejected: Domain x does not accept mail (nullMX) | ACCESS",
                "554 5.7.1 <u1%example.net@example.org>: Relay access denied | RELAY",
                "454 4.7.1 <x@other.example>: Relay access denied | RELAY",
                "554 5.7.1 Service unavailable; Client host [203.0.113.200] blocked using zen.dnsbl.lab.example; https://x | DNSBL",
                "554 5.7.1 Service unavailable; Sender address [a@b.example] blocked using dbl.example | DNSBL",
                "550 5.7.1 Service unavailable; client [203.0.113.210] blocked using zen.dnsbl.lab.example | DNSBL",
                "501 5.5.2 <!bad!helo>: Helo command rejected: Invalid name | HELO",
                "504 5.5.2 <short>: Helo command rejected: need fully-qualified hostname | HELO",
                "450 4.7.1 <x.invalid>: Helo command rejected: Host not found | HELO",
                "450 4.1.8 <s@nonexistent.example>: Sender address rejected: Domain not found | SENDER",
                "504 5.5.2 <nodomain>: Sender address rejected: need fully-qualified address | SENDER",
                "553 5.7.1 <a@example.org>: Sender address rejected: not owned by user b@example.org | LOGIN_MISMATCH",
                "553 5.7.1 <a@example.org>: Sender address rejected: not logged in | LOGIN_MISMATCH",
                "554 5.7.1 <a@example.org>: Sender address rejected: Access denied | ACCESS",
                "554 5.7.1 <tr1@example.org>: Recipient address rejected: spamtrap hit | ACCESS",
                "554 5.7.1 host[192.0.2.1]: Client host rejected: Access denied | ACCESS",
                "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied | ACCESS",
                "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.11] | ACCESS",
                "550 5.7.23 <u1@example.org>: Recipient address rejected: Message rejected due to: SPF fail | POLICY",
                "5.7.1 rejected by DMARC policy for x.example | POLICY",
                "5.7.0 bad DKIM signature data | POLICY",
                "5.7.26 multiple authentication checks failed | POLICY",
                "550 5.7.25 <r@x>: Recipient address rejected: reverse DNS | ACCESS",
                "5.7.2 x | OTHER",
                "5.7.1 no rejected by DMARC policy for x | OTHER",
                "450 4.2.0 <u1@example.org>: Recipient address rejected: Greylisted, see http://x | ACCESS",
                "503 5.5.0 <DATA>: Data command rejected: Improper use of SMTP command pipelining | PROTOCOL",
                "550 5.5.1 Protocol error | PROTOCOL",
                "552 5.3.4 Message size exceeds fixed limit | OTHER",
                "5.7.1 Gtube pattern | OTHER",
                "relay not permitted | RELAY",
                "Unrouteable address | UNKNOWN_USER",
                "Sender verify failed | SENDER",
                "rejected because 192.0.2.1 is in a black list at zen.dnsbl.example | DNSBL",
                "syntactically invalid argument(s): !bad! | HELO",
                "5.7.1 <r@other.example>... Relaying denied. Proper authentication required. | RELAY",
                "5.1.1 <r@example.org>... User unknown | UNKNOWN_USER",
                "4.1.8 Domain of sender address s@x.example does not resolve | SENDER",
                "5.7.1 <\"x>... Relaying denied\"@example.org>... Access denied | OTHER",
                "`` | OTHER",
                "550 | OTHER",
                // what the client said is no reason
                "550 5.1.1 <\"x>: Relay access denied\"@example.org>: Recipient address rejected: User unknown in local recipient table | UNKNOWN_USER",
                "554 5.7.1 <\"a>: Helo command rejected: x\"@example.org>: Relay access denied | RELAY"
            })
    void of_text_isWhatThePartAfterTheAddressSays(String text, RejectKind expected) {
        assertEquals(expected, RejectKind.of(text));
    }
}
