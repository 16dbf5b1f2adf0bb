package org.postbane.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.ipv4.IPv4AddressTrie;
import inet.ipaddr.ipv6.IPv6AddressTrie;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrefixSetTest {

    private static List<IpPrefix> someNetworks(Random random) {
        List<IpPrefix> networks = new ArrayList<>();
        for (int i = random.nextInt(8); i > 0; i--) {
            networks.add(IpPrefixTest.anyPrefix(random));
        }
        return networks;
    }

    @Test
    void containsAndOverlaps_anySet_areTheBruteForceAnswers() {
        Random random = new Random(11);
        for (int i = 0; i < 5000; i++) {
            List<IpPrefix> networks = someNetworks(random);
            PrefixSet set = new PrefixSet(networks);
            for (int j = 0; j < 20; j++) {
                IpPrefix asked = IpPrefixTest.anyPrefix(random);

                assertEquals(networks.stream().anyMatch(n -> n.contains(asked)), set.contains(asked));
                assertEquals(
                        networks.stream().anyMatch(n -> n.contains(asked) || asked.contains(n)), set.overlaps(asked));
            }
        }
    }

    @Test
    void contains_anySet_isWhatTheLibrarysTriesSay() {
        Random random = new Random(12);
        for (int i = 0; i < 500; i++) {
            List<IpPrefix> networks = someNetworks(random);
            PrefixSet set = new PrefixSet(networks);
            IPv4AddressTrie ipv4 = new IPv4AddressTrie();
            IPv6AddressTrie ipv6 = new IPv6AddressTrie();
            for (IpPrefix network : networks) {
                if (network.isIpv4()) {
                    ipv4.add(block(network).toIPv4());
                } else {
                    ipv6.add(block(network).toIPv6());
                }
            }
            for (int j = 0; j < 20; j++) {
                IpPrefix asked = IpPrefixTest.anyPrefix(random);
                boolean expected = asked.isIpv4()
                        ? ipv4.elementContains(block(asked).toIPv4())
                        : ipv6.elementContains(block(asked).toIPv6());

                assertEquals(expected, set.contains(asked));
            }
        }
    }

    private static IPAddress block(IpPrefix prefix) {
        return new IPAddressString(prefix.toString()).getAddress().toPrefixBlock();
    }

    @Test
    void networks_nestedAndDouble_areTheOutermostOnce() {
        PrefixSet set = new PrefixSet(List.of(
                IpPrefixTest.parsed("2001:db8::/32"),
                IpPrefixTest.parsed("192.0.2.1"),
                IpPrefixTest.parsed("192.0.2.0/24"),
                IpPrefixTest.parsed("192.0.2.0/24"),
                IpPrefixTest.parsed("2001:db8:1::/48")));

        assertEquals("[192.0.2.0/24, 2001:db8::/32]", set.toString());
    }

    @Test
    void empty_holdsNothing() {
        assertFalse(PrefixSet.EMPTY.overlaps(IpPrefixTest.parsed("0.0.0.0/0")));
        assertTrue(PrefixSet.EMPTY.isEmpty());
    }
}
