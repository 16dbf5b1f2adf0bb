package org.postbane.decide;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postbane.model.PrefixSet;
import org.postbane.model.Subject;

class GuardsTest {

    private static final Guards GUARDS = new Guards(List.of(
            Guards.LOOPBACK,
            new AllowList(Stream.of("198.51.100.0/24", "2001:db8:1::/48", "account:bob", "sender:Good@example.org")
                    .map(Subject::parse)
                    .toList()),
            new NetworkGuard(
                    "own address", new PrefixSet(List.of(((Subject.Client) Subject.parse("203.0.113.5")).prefix())))));

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "192.0.2.1, -",
                "127.0.0.1, 127.0.0.1 is guarded (loopback)",
                "127.0.0.0/16, 127.0.0.0/16 is guarded (loopback)",
                "126.0.0.0/7, 126.0.0.0/7 holds guarded addresses (loopback)",
                "0.0.0.0/0, 0.0.0.0/0 holds guarded addresses (loopback)",
                "::1, ::1 is guarded (loopback)",
                "::/0, ::/0 holds guarded addresses (loopback)",
                "::ffff:127.0.0.1, 127.0.0.1 is guarded (loopback)",
                "198.51.100.77, 198.51.100.77 is guarded (allow list)",
                "198.51.0.0/16, 198.51.0.0/16 holds guarded addresses (allow list)",
                "2001:db8:1:2::/64, 2001:db8:1:2::/64 is guarded (allow list)",
                "2001:db8::/32, 2001:db8::/32 holds guarded addresses (allow list)",
                "203.0.113.5, 203.0.113.5 is guarded (own address)",
                "203.0.113.0/24, 203.0.113.0/24 holds guarded addresses (own address)",
                "203.0.113.6, -",
                "account:bob, account:bob is guarded (allow list)",
                "account:Bob, -",
                "sender:good@EXAMPLE.org, sender:good@example.org is guarded (allow list)",
                "sender:bob, -",
            })
    void refusal_subject_saysWhyOrNothing(String subject, @Nullable String expected) {
        assertEquals(Optional.ofNullable(expected), GUARDS.refusal(Subject.parse(subject), Instant.EPOCH));
    }
}
