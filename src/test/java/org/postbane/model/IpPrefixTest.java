package org.postbane.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import inet.ipaddr.HostName;
import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The oracles are {@link InetAddress} and the IPAddress library. */
class IpPrefixTest {

    private static final int ROUNDS = 10_000;

    /** 16 bytes with runs of zeros of every length and place, small groups, and now and then a mapped address. */
    private static byte[] anyIpv6(Random random) {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        int zeros = random.nextInt(256);
        for (int group = 0; group < 8; group++) {
            if ((zeros >> group & 1) == 1) {
                bytes[2 * group] = 0;
                bytes[2 * group + 1] = 0;
            } else if (random.nextInt(3) == 0) {
                bytes[2 * group] = 0;
            }
        }
        return bytes;
    }

    private static byte[] mapped(byte[] ipv4) {
        byte[] bytes = new byte[16];
        bytes[10] = -1;
        bytes[11] = -1;
        System.arraycopy(ipv4, 0, bytes, 12, 4);
        return bytes;
    }

    private static byte[] anyIpv4(Random random) {
        byte[] bytes = new byte[4];
        random.nextBytes(bytes);
        return bytes;
    }

    static IpPrefix parsed(String text) {
        IpPrefix prefix = IpPrefix.parse(text);
        assertNotNull(prefix, text);
        return prefix;
    }

    @Test
    void toString_anyIpv6_isCanonicalAndReadsBack() throws UnknownHostException {
        Random random = new Random(1);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] bytes = anyIpv6(random);
            String canonical = new IPAddressString(
                            Inet6Address.getByAddress(null, bytes, -1).getHostAddress())
                    .getAddress()
                    .toCanonicalString();

            IpPrefix fromJava =
                    parsed(Inet6Address.getByAddress(null, bytes, -1).getHostAddress());

            assertEquals(canonical, fromJava.toString());
            assertEquals(fromJava, parsed(canonical));
            assertEquals(InetAddress.getByAddress(bytes), fromJava.toInetAddress());
        }
    }

    @Test
    void toString_anyIpv4_isDottedAndReadsBack() throws UnknownHostException {
        Random random = new Random(2);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] bytes = anyIpv4(random);
            String text = InetAddress.getByAddress(bytes).getHostAddress();

            IpPrefix address = parsed(text);

            assertEquals(text, address.toString());
            assertEquals(InetAddress.getByAddress(bytes), address.toInetAddress());
            assertTrue(address.isIpv4() && address.isSingle());
        }
    }

    @Test
    void parse_allNotationsOfOneAddress_areThatAddress() {
        Random random = new Random(3);
        for (int i = 0; i < ROUNDS; i++) {
            IPAddress address = new inet.ipaddr.ipv6.IPv6Address(anyIpv6(random));
            for (String text : notations(address)) {
                assertEquals(parsed(address.toCanonicalString()), parsed(text), text);
            }
        }
    }

    private static List<String> notations(IPAddress address) {
        List<String> all = new ArrayList<>();
        all.add(address.toFullString());
        all.add(address.toNormalizedString());
        all.add(address.toCompressedString());
        all.add(address.toCompressedWildcardString());
        all.add(address.toIPv6().toMixedString());
        all.add(address.toFullString().toUpperCase(java.util.Locale.ROOT));
        return all;
    }

    @Test
    void parse_everyPlaceOfTheDoubleColon_isTheSameAddress() {
        for (int from = 0; from < 8; from++) {
            for (int to = from + 1; to <= 8; to++) {
                StringBuilder whole = new StringBuilder();
                StringBuilder shortened = new StringBuilder();
                for (int group = 0; group < 8; group++) {
                    boolean hidden = group >= from && group < to;
                    whole.append(group == 0 ? "" : ":").append(hidden ? "0" : Integer.toHexString(group + 0xa0));
                    if (group == from) {
                        shortened.append("::");
                    } else if (!hidden) {
                        shortened
                                .append(group == 0 || group == to ? "" : ":")
                                .append(Integer.toHexString(group + 0xa0));
                    }
                }
                assertEquals(parsed(whole.toString()), parsed(shortened.toString()), shortened.toString());
            }
        }
    }

    @Test
    void parse_mappedAddress_isTheIpv4Address() throws UnknownHostException {
        Random random = new Random(4);
        for (int i = 0; i < 2000; i++) {
            byte[] ipv4 = anyIpv4(random);
            String dotted = InetAddress.getByAddress(ipv4).getHostAddress();
            String hex = new inet.ipaddr.ipv6.IPv6Address(mapped(ipv4)).toFullString();

            assertEquals(parsed(dotted), parsed("::ffff:" + dotted));
            assertEquals(parsed(dotted), parsed(hex));
            assertEquals(dotted, parsed(hex).toString());
        }
    }

    @Test
    void parse_noise_isWhatTheLibrarySays() {
        Random random = new Random(5);
        String alphabet = "0123456789abcdefF:::::...g/ ";
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(14); length >= 0; length--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            IpPrefix parsed = IpPrefix.parse(text.toString());
            if (parsed != null && parsed.isSingle() && text.indexOf("/") < 0) {
                assertEquals(
                        parsed.toInetAddress(),
                        new HostName(text.toString()).getAddress().toInetAddress(),
                        text.toString());
            }
        }
    }

    @Test
    void parse_cutOrChangedAddress_isStrictAsTheLibraryIs() {
        Random random = new Random(6);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text =
                    new StringBuilder(new inet.ipaddr.ipv6.IPv6Address(anyIpv6(random)).toCompressedString());
            int at = random.nextInt(text.length());
            if (random.nextBoolean()) {
                text.deleteCharAt(at);
            } else {
                text.insert(at, ":0f1".charAt(random.nextInt(4)) /* its dots are inet_aton's */);
            }
            String changed = text.toString();
            assertEquals(isIpv6ByLibrary(changed), IpPrefix.parse(changed) != null, changed);
        }
    }

    private static boolean isIpv6ByLibrary(String text) {
        IPAddressString string = new IPAddressString(
                text,
                new inet.ipaddr.IPAddressStringParameters.Builder()
                        .allowEmpty(false)
                        .allowAll(false)
                        .allowSingleSegment(false)
                        .allowWildcardedSeparator(false)
                        .allowPrefix(false)
                        .allowMask(false)
                        .getIPv6AddressParametersBuilder()
                        .allowZone(false)
                        .allowBase85(false)
                        .allowBinary(false)
                        .allowLeadingZeros(true)
                        .allowUnlimitedLeadingZeros(false)
                        .allowWildcardedSeparator(false)
                        .setRangeOptions(inet.ipaddr.AddressStringParameters.RangeParameters.NO_RANGE)
                        .getParentBuilder()
                        .toParams());
        return string.isIPv6();
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.0/24, 192.0.2.0/24",
        "0.0.0.0/0, 0.0.0.0/0",
        "192.0.2.1/32, 192.0.2.1",
        "2001:DB8::/32, 2001:db8::/32",
        "::/0, ::/0",
        "::1/128, ::1",
        "::ffff:127.0.0.0/104, 127.0.0.0/8",
        "::ffff:0:0/96, 0.0.0.0/0",
        "::ffff:192.0.2.1/128, 192.0.2.1",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
        "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
        "::1.2.3.4, ::102:304",
    })
    void parse_network_isPrintedCanonically(String text, String canonical) {
        assertEquals(canonical, parsed(text).toString());
        assertEquals(parsed(text), parsed(canonical));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "1",
                "1.2.3",
                "1.2.3.4.",
                ".1.2.3.4",
                "1.2.3.4.5",
                "1..2.3",
                "256.1.1.1",
                "01.2.3.4",
                "1.2.3.04",
                "1.2.3.4 ",
                " 1.2.3.4",
                "1.2.3.-4",
                "+1.2.3.4",
                "0x1.2.3.4",
                "1.2.3.4/",
                "1.2.3.4/33",
                "1.2.3.4/032",
                "1.2.3.4/-1",
                "1.2.3.4/24",
                "192.0.2.0/24/24",
                "/24",
                "1.2.3.4/a",
                ":",
                ":::",
                "1::2::3",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8::",
                "::1:2:3:4:5:6:7:8",
                "1:2:3:4::5:6:7:8",
                ":1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7:8:",
                "12345::",
                "g::",
                "::1%eth0",
                "fe80::1%1",
                "[::1]",
                "::1.2.3",
                "::1.2.3.4.5",
                "::1.2.3.4:5",
                "1:2:3:4:5:6:7:1.2.3.4",
                "::ffff:1.2.3.4/24",
                "::ffff:0:0/90",
                "::/129",
                "2001:db8::1/64",
                "unknown",
                "localhost",
                "１.2.3.4",
                "1.2.3.4\n",
                "1.2.3.4\0",
                "1.2.3.4é/8",
                "é1.2.3.4/8",
                "0000000000000000000000000000000000000000000000000001"
            })
    void parse_badText_isNull(String text) {
        assertNull(IpPrefix.parse(text));
    }

    @Test
    void parse_bytesInALine_readsThatRangeOnly() {
        byte[] line = "name[192.0.2.17]:25".getBytes(StandardCharsets.US_ASCII);

        IpPrefix address = IpPrefix.parse(line, 5, 15);

        assertEquals("192.0.2.17", String.valueOf(address));
    }

    @Test
    void contains_anyPrefixes_isWhatTheLibrarySays() {
        Random random = new Random(7);
        for (int i = 0; i < ROUNDS; i++) {
            IpPrefix a = anyPrefix(random);
            IpPrefix b = random.nextBoolean() ? anyPrefix(random) : a.network(random.nextInt(a.length() + 1));
            IPAddress oracleA = new IPAddressString(a.toString()).getAddress().toPrefixBlock();
            IPAddress oracleB = new IPAddressString(b.toString()).getAddress().toPrefixBlock();

            assertEquals(oracleA.contains(oracleB), a.contains(b), a + " " + b);
            assertEquals(oracleB.contains(oracleA), b.contains(a), b + " " + a);
        }
    }

    /** Few different ones, so that they often nest. */
    static IpPrefix anyPrefix(Random random) {
        IpPrefix address = random.nextBoolean()
                ? IpPrefix.ofIpv4(random.nextInt() & 0xc0c00003)
                : new IpPrefix(random.nextLong() & 0xf000_0000_0000_0003L, random.nextLong() & 3, 128);
        return address.network(random.nextInt(address.length() + 1));
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, true",
        "127.255.3.4, true",
        "127.0.0.0/8, true",
        "::1, true",
        "::ffff:127.0.0.1, true",
        "128.0.0.1, false",
        "0.0.0.0/0, false",
        "::, false",
        "::/127, false",
        "7f00::, false",
        "2001:db8::1, false"
    })
    void isLoopback_address_isAsInTheStandards(String text, boolean loopback) {
        assertEquals(loopback, parsed(text).isLoopback());
    }

    @Test
    void network_ofAnyLength_isTheLibrarys() {
        Random random = new Random(8);
        for (int i = 0; i < ROUNDS; i++) {
            IpPrefix address = parsed(new inet.ipaddr.ipv6.IPv6Address(anyIpv6(random)).toFullString());
            int length = random.nextInt(address.length() + 1);
            String expected = new IPAddressString(address + "/" + length)
                    .getAddress()
                    .toPrefixBlock()
                    .toCanonicalString();

            IpPrefix network = address.network(length);

            assertEquals(length == 128 ? address.toString() : expected, network.toString());
            assertTrue(network.contains(address));
            assertEquals(length, network.length());
        }
    }

    @Test
    void network_ofImpossibleLength_isRefused() {
        IpPrefix network = parsed("192.0.2.0/24");

        assertThrows(IllegalArgumentException.class, () -> network.network(25));
        assertThrows(IllegalArgumentException.class, () -> network.network(-1));
    }

    @Test
    void constructor_bitsBeyondLength_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> new IpPrefix(0, 1, 127));
        assertThrows(IllegalArgumentException.class, () -> new IpPrefix(0, 0, 129));
    }

    @Test
    void equals_sameAddressOtherLength_isAnother() {
        assertNotEquals(parsed("192.0.2.0"), parsed("192.0.2.0/24"));
        assertFalse(parsed("::/0").contains(parsed("192.0.2.0")));
    }
}
