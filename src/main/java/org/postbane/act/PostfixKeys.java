package org.postbane.act;

import java.util.ArrayList;
import java.util.List;
import org.postbane.model.IpPrefix;

/**
 * The keys under which Postfix looks up a client in a table that knows no networks. access(5): it asks for the whole address
 * as text, then cuts off the last {@code .octet} or {@code :group}, and asks again, until nothing is left. So an IPv4 network
 * of 8, 16 or 24 bits is one key, and others are a few.
 *
 * <p>For IPv6 what is cut is the text of RFC 5952, where {@code ::} stands for the first longest run of zero groups. A network
 * of n groups is held by its groups ({@code 2001:db8:1:2}), which all addresses come to whose run begins behind them; where
 * its last group, or its last two, are zero, the run may begin there: those come to {@code 2001:db8:1:}, with the colon. A run
 * of two groups at least then reaches the end of the network, so no other address has that key. With more zero groups it would
 * not, and a network whose {@code ::} lies within has no key that is its own: these cannot be held.
 *
 * <p>Known shortcoming, of Postfix's way: the key of a single address ({@code 2001:db8::80}) is also what a longer text
 * ({@code 2001:db8::80:0:1}) comes to when it is cut. Such neighbours share all groups before the {@code ::} and two of zeros
 * behind it, so they are of the same /64 as good as always. Tables of type cidr and pcre do not have this.
 */
final class PostfixKeys {

    /** Most keys for one network. A /56 is 256 networks of 64 bits. */
    private static final int MOST_BITS = 8;

    private static final int GROUPS = 8;

    private PostfixKeys() {}

    /** The keys of a network or address; empty if such a table cannot hold exactly that. */
    static List<String> of(IpPrefix prefix) {
        if (prefix.isSingle()) {
            return List.of(prefix.toString());
        }
        int step = prefix.isIpv4() ? 8 : 16;
        int length = (prefix.length() + step - 1) / step * step;
        int more = length - prefix.length();
        if (length == 0 || more > MOST_BITS) {
            return List.of();
        }
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < 1 << more; i++) {
            List<String> some = prefix.isIpv4() ? ipv4(prefix, length, i) : ipv6(prefix, length, i);
            if (some.isEmpty()) {
                return List.of();
            }
            keys.addAll(some);
        }
        return keys;
    }

    private static List<String> ipv4(IpPrefix prefix, int length, int index) {
        byte[] bytes = numbered(prefix.address(), length, index);
        StringBuilder key = new StringBuilder();
        for (int i = 0; i < length / 8; i++) {
            key.append(i == 0 ? "" : ".").append(bytes[i] & 0xff);
        }
        return List.of(key.toString());
    }

    private static List<String> ipv6(IpPrefix prefix, int length, int index) {
        byte[] bytes = numbered(prefix.address(), length, index);
        if (length == 128) {
            return List.of(String.valueOf(IpPrefix.parse(hex(bytes, GROUPS))));
        }
        int groups = length / 16;
        int zeros = 0;
        while (zeros < groups && group(bytes, groups - 1 - zeros) == 0) {
            zeros++;
        }
        if (zeros > 2 || zeros == groups || hasRun(bytes, groups - zeros)) {
            return List.of();
        }
        String key = hex(bytes, groups);
        return zeros == 0 ? List.of(key) : List.of(key, hex(bytes, groups - zeros) + ":");
    }

    /** The network number {@code index} of {@code length} bits. */
    private static byte[] numbered(byte[] first, int length, int index) {
        int last = length / 8 - 1;
        first[last] |= (byte) index; // at most 8 bits, which are zero in the first
        return first;
    }

    private static boolean hasRun(byte[] bytes, int groups) {
        for (int i = 1; i < groups; i++) {
            if (group(bytes, i) == 0 && group(bytes, i - 1) == 0) {
                return true;
            }
        }
        return false;
    }

    private static int group(byte[] bytes, int i) {
        return (bytes[2 * i] & 0xff) << 8 | bytes[2 * i + 1] & 0xff;
    }

    private static String hex(byte[] bytes, int groups) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < groups; i++) {
            text.append(i == 0 ? "" : ":").append(Integer.toHexString(group(bytes, i)));
        }
        return text.toString();
    }
}
