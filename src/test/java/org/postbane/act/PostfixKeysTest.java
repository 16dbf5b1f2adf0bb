package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postbane.model.IpPrefix;

class PostfixKeysTest {

    private static IpPrefix prefix(String text) {
        return Objects.requireNonNull(IpPrefix.parse(text), text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            192.0.2.1            | 192.0.2.1
            192.0.2.0/24         | 192.0.2
            198.51.0.0/16        | 198.51
            10.0.0.0/8           | 10
            192.0.2.4/31         | 192.0.2.4 192.0.2.5
            198.51.100.0/23      | 198.51.100 198.51.101
            2001:db8::1          | 2001:db8::1
            2001:db8:1:2::/64    | 2001:db8:1:2
            2001:db8:1::/64      | 2001:db8:1:0 2001:db8:1:
            2001:db8::/64        | 2001:db8:0:0 2001:db8:
            2001:db8::/32        | 2001:db8
            2001:db8:1:2::/63    | 2001:db8:1:2 2001:db8:1:3
            2001:db8::4/127      | 2001:db8::4 2001:db8::5
            2001:db8::/33        | ''
            2a00::/64            | ''
            2001:0:0:1::/64      | ''
            0.0.0.0/0            | ''
            """)
    void of_network_isWhatPostfixComesTo(String network, String keys) {
        assertEquals(keys.isEmpty() ? List.of() : List.of(keys.split(" ")), PostfixKeys.of(prefix(network)));
    }

    @Test
    void of_mostNetworks_areAFewKeys() {
        assertEquals(128, PostfixKeys.of(prefix("192.0.2.0/25")).size());
        assertEquals(256 + 1, PostfixKeys.of(prefix("2001:db8:1:100::/56")).size() + 1);
    }

    /** As access(5) has it: the whole address, then without its last part, again and again. */
    private static Set<String> lookups(IpPrefix address) {
        Set<String> lookups = new HashSet<>();
        String rest = address.toString();
        String separator = address.isIpv4() ? "." : ":";
        while (true) {
            lookups.add(rest);
            int at = rest.lastIndexOf(separator);
            if (at < 0) {
                return lookups;
            }
            rest = rest.substring(0, at);
        }
    }

    @Test
    void of_randomNetworks_holdAllOfTheirAddressesAndNoOthers() {
        Random random = new Random(20261121);
        int held = 0;
        for (int i = 0; i < 200_000; i++) {
            IpPrefix address = address(random);
            int longest = address.isIpv4() ? 32 : 128;
            IpPrefix network = address.network(longest - random.nextInt(longest * 3 / 4));
            Set<String> keys = new HashSet<>(PostfixKeys.of(network));
            if (keys.isEmpty()) {
                continue;
            }
            held++;
            Set<String> found = lookups(address);
            found.retainAll(keys);
            assertTrue(!found.isEmpty(), network + " does not hold " + address + ": " + keys);
            IpPrefix other = near(address, random);
            Set<String> wrong = lookups(other);
            wrong.retainAll(keys);
            boolean neighbour = !network.isIpv4()
                    && network.length() > 112
                    && address.network(64).contains(other); // see the class
            if (address.isIpv4() || !neighbour) {
                assertEquals(network.contains(other), !wrong.isEmpty(), network + " and " + other + ": " + keys);
            }
        }
        assertTrue(held > 50_000, held + " were held");
    }

    private static IpPrefix address(Random random) {
        if (random.nextBoolean()) {
            return IpPrefix.ofIpv4(random.nextInt());
        }
        return new IpPrefix(0x20010db800000000L | groups(random) & 0xffffffffL, groups(random), 128);
    }

    /** Groups that are often zero, so that runs of zeros stand anywhere. */
    private static long groups(Random random) {
        long word = 0;
        for (int i = 0; i < 4; i++) {
            word = word << 16 | (random.nextInt(3) == 0 ? random.nextInt(65536) : random.nextInt(2));
        }
        return word;
    }

    private static IpPrefix near(IpPrefix address, Random random) {
        int bit = random.nextInt(address.isIpv4() ? 32 : 96);
        return bit < 64
                ? new IpPrefix(address.high(), address.low() ^ 1L << bit, 128)
                : new IpPrefix(address.high() ^ 1L << bit - 64, address.low() ^ random.nextInt(2), 128);
    }
}
