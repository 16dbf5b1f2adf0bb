package org.postbane.model;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * An IPv4 or IPv6 address, or a network in CIDR form. Parsing takes literals only and never asks DNS.
 *
 * <p>Both families live in one 128-bit space: IPv4 is held as {@code ::ffff:0:0/96} (RFC 4291 section 2.5.5.2), so a
 * mapped address that some program printed <i>is</i> the IPv4 address. Bits beyond the length are zero.
 *
 * @param high the first eight bytes
 * @param low the last eight bytes
 * @param bits prefix length in the 128-bit space, 0 to 128; 96 to 128 for IPv4
 */
public record IpPrefix(long high, long low, int bits) implements Comparable<IpPrefix> {

    private static final long MAPPED = 0xffffL << 32;
    private static final int MAX_TEXT = 49; // 45 of INET6_ADDRSTRLEN, "/128"

    public IpPrefix {
        if (bits < 0 || bits > 128) {
            throw new IllegalArgumentException("prefix length %d is not in 0..128".formatted(bits));
        }
        if ((high & ~highMask(bits)) != 0 || (low & ~lowMask(bits)) != 0) {
            throw new IllegalArgumentException("bits set beyond the prefix length");
        }
    }

    private static long highMask(int bits) {
        return bits >= 64 ? -1 : bits == 0 ? 0 : -1L << 64 - bits;
    }

    private static long lowMask(int bits) {
        return bits == 128 ? -1 : bits <= 64 ? 0 : -1L << 128 - bits;
    }

    /** The IPv4 address with this 32-bit value. */
    public static IpPrefix ofIpv4(int address) {
        return new IpPrefix(0, MAPPED | address & 0xffffffffL, 128);
    }

    /** The address or {@code address/length} in {@code text}; null if it is neither, or has bits set beyond the length. */
    public static @Nullable IpPrefix parse(String text) {
        if (text.length() > MAX_TEXT) {
            return null;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int slash = text.indexOf('/');
        if (slash < 0) {
            return parse(bytes, 0, bytes.length);
        }
        IpPrefix address = parse(bytes, 0, slash);
        boolean dotted = text.lastIndexOf(':', slash) < 0;
        int length = decimal(bytes, slash + 1, bytes.length, dotted ? 32 : 128);
        if (address == null || length < 0) {
            return null;
        }
        // the length counts in the notation's family: Postfix's default mynetworks has ::ffff:127.0.0.0/104
        IpPrefix network = address.inWholeSpace(dotted ? length + 96 : length);
        return network.high == address.high && network.low == address.low ? network : null;
    }

    private IpPrefix inWholeSpace(int wanted) {
        return new IpPrefix(high & highMask(wanted), low & lowMask(wanted), wanted);
    }

    /** The single address in bytes {@code from} (inclusive) to {@code to} (exclusive), or null if it is none. */
    public static @Nullable IpPrefix parse(byte[] bytes, int from, int to) {
        for (int i = from; i < Math.min(to, from + 5); i++) {
            if (bytes[i] == ':') {
                return parseIpv6(bytes, from, to);
            }
        }
        long v4 = ipv4(bytes, from, to);
        return v4 < 0 ? null : ofIpv4((int) v4);
    }

    /** Dotted decimal, four parts, no leading zeros; -1 if it is not that. One loop, as this is compiled into many callers. */
    private static long ipv4(byte[] bytes, int from, int to) {
        if (to - from > 15) {
            return -1;
        }
        long address = 0;
        int part = -1; // -1: no digit of it yet
        int dots = 0;
        for (int i = from; i < to; i++) {
            int b = bytes[i];
            if (b == '.') {
                if (part < 0 || part > 255) {
                    return -1;
                }
                address = address << 8 | part;
                part = -1;
                dots++;
            } else {
                // a second digit after a first one that is 0 is refused
                if (b < '0' || b > '9' || part == 0 || part > 25) {
                    return -1;
                }
                part = (part < 0 ? 0 : part * 10) + b - '0';
            }
        }
        return part < 0 || part > 255 || dots != 3 ? -1 : address << 8 | part;
    }

    private static int decimal(byte[] bytes, int from, int to, int max) {
        if (to - from < 1 || to - from > 3 || to - from > 1 && bytes[from] == '0') {
            return -1;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            value = value * 10 + digit;
        }
        return value > max ? -1 : value;
    }

    /** RFC 4291 section 2.2, all three forms; no zone. Groups are gathered from the left; after {@code ::} also counted. */
    private static @Nullable IpPrefix parseIpv6(byte[] bytes, int from, int to) {
        long high = 0;
        long low = 0;
        int groups = 0;
        int gap = -1; // number of groups before "::"
        int at = from;
        if (to - from >= 2 && bytes[from] == ':' && bytes[from + 1] == ':') {
            gap = 0;
            at = from + 2;
        }
        while (at < to) {
            int end = at;
            int value = 0;
            while (end < to && end - at < 5 && hex(bytes[end]) >= 0) {
                value = value << 4 | hex(bytes[end]);
                end++;
            }
            if (end < to && bytes[end] == '.') {
                long v4 = ipv4(bytes, at, to);
                if (v4 < 0 || groups > 6) {
                    return null;
                }
                high = high << 32 | low >>> 32;
                low = low << 32 | v4;
                groups += 2;
                at = to;
                break;
            }
            if (end == at || end - at > 4 || groups == 8) {
                return null;
            }
            high = high << 16 | low >>> 48;
            low = low << 16 | value;
            groups++;
            at = end;
            if (at < to) {
                if (bytes[at] != ':' || at + 1 == to) {
                    return null;
                }
                at++;
                if (bytes[at] == ':') {
                    if (gap >= 0) {
                        return null;
                    }
                    gap = groups;
                    at++;
                }
            }
        }
        if (gap < 0) {
            return groups == 8 ? new IpPrefix(high, low, 128) : null;
        }
        return groups > 7 ? null : spread(high, low, groups, groups - gap);
    }

    /** Moves the groups before the gap to the front; the last {@code tail} of {@code groups} stay. */
    private static IpPrefix spread(long high, long low, int groups, int tail) {
        int tailBits = 16 * tail;
        int shift = 128 - 16 * groups;
        long headHigh = high & ~suffixHigh(tailBits);
        long headLow = low & ~suffixLow(tailBits);
        long movedHigh = shift >= 64
                ? shiftLeft(headLow, shift - 64)
                : shift == 0 ? headHigh : headHigh << shift | headLow >>> 64 - shift;
        long movedLow = shift >= 64 ? 0 : headLow << shift;
        return new IpPrefix(movedHigh | high & suffixHigh(tailBits), movedLow | low & suffixLow(tailBits), 128);
    }

    private static long shiftLeft(long word, int by) {
        return by >= 64 ? 0 : word << by;
    }

    private static long suffixHigh(int bits) {
        return bits <= 64 ? 0 : bits == 128 ? -1 : (1L << bits - 64) - 1;
    }

    private static long suffixLow(int bits) {
        return bits >= 64 ? -1 : (1L << bits) - 1;
    }

    private static int hex(byte b) {
        if (b >= '0' && b <= '9') {
            return b - '0';
        }
        int lower = b | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    public boolean isIpv4() {
        return bits >= 96 && high == 0 && low >>> 32 == 0xffff;
    }

    /** True for one address, false for a network of several. */
    public boolean isSingle() {
        return bits == 128;
    }

    /** Prefix length in the address's own family: 0 to 32, or 0 to 128. */
    public int length() {
        return isIpv4() ? bits - 96 : bits;
    }

    /** 127.0.0.0/8 (RFC 1122 section 3.2.1.3) or ::1 (RFC 4291 section 2.5.3). */
    public boolean isLoopback() {
        return isIpv4() ? (low >>> 24 & 0xff) == 127 : high == 0 && low == 1 && bits == 128;
    }

    /** The network of this length (in the address's own family) that this address lies in. Shorter than this prefix or equal. */
    public IpPrefix network(int length) {
        int wanted = isIpv4() ? length + 96 : length;
        if (length < 0 || wanted > bits) {
            throw new IllegalArgumentException("%s has no network of length %d".formatted(this, length));
        }
        return inWholeSpace(wanted);
    }

    /** True where {@code other} is this network or lies in it. No IPv6 network contains an IPv4 address. */
    public boolean contains(IpPrefix other) {
        return other.bits >= bits
                && isIpv4() == other.isIpv4()
                && (other.high & highMask(bits)) == high
                && (other.low & lowMask(bits)) == low;
    }

    /** The first address, as 4 or 16 bytes in network order. */
    public byte[] address() {
        byte[] bytes = new byte[isIpv4() ? 4 : 16];
        for (int i = 0; i < bytes.length; i++) {
            int fromEnd = bytes.length - 1 - i;
            long word = fromEnd < 8 ? low : high;
            bytes[i] = (byte) (word >>> 8 * (fromEnd & 7));
        }
        return bytes;
    }

    /** As {@link InetAddress}; no look-up is made. */
    public InetAddress toInetAddress() {
        try {
            byte[] bytes = address();
            return bytes.length == 4 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, -1);
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // only for a wrong number of bytes
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof IpPrefix prefix && prefix.high == high && prefix.low == low && prefix.bits == bits;
    }

    /** Mixed well, as addresses of one network differ in a few low bits only. */
    @Override
    public int hashCode() {
        long mixed = (high * 0x9E3779B97F4A7C15L ^ low + bits) * 0xC2B2AE3D27D4EB4FL;
        return (int) (mixed >>> 32);
    }

    @Override
    public int compareTo(IpPrefix other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        int byLow = Long.compareUnsigned(low, other.low);
        return byHigh != 0 ? byHigh : byLow != 0 ? byLow : Integer.compare(bits, other.bits);
    }

    /** Canonical text: dotted decimal, or RFC 5952; with {@code /length} unless it is a single address. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(MAX_TEXT);
        if (isIpv4()) {
            for (int shift = 24; shift >= 0; shift -= 8) {
                text.append(low >>> shift & 0xff).append(shift == 0 ? "" : ".");
            }
        } else {
            appendIpv6(text);
        }
        return isSingle() ? text.toString() : text.append('/').append(length()).toString();
    }

    private int group(int i) {
        return (int) ((i < 4 ? high : low) >>> 48 - 16 * (i & 3)) & 0xffff;
    }

    /** RFC 5952 section 4: lower case, no leading zeros, the first longest run of two or more zero groups as {@code ::}. */
    private void appendIpv6(StringBuilder text) {
        int runStart = -1;
        int runLength = 1;
        for (int i = 0; i < 8; i++) {
            int end = i;
            while (end < 8 && group(end) == 0) {
                end++;
            }
            if (end - i > runLength) {
                runStart = i;
                runLength = end - i;
            }
            i = Math.max(i, end);
        }
        boolean separate = false;
        for (int i = 0; i < 8; i++) {
            if (i == runStart) {
                text.append("::");
                i += runLength - 1;
                separate = false;
            } else {
                text.append(separate ? ":" : "").append(Integer.toHexString(group(i)));
                separate = true;
            }
        }
    }
}
