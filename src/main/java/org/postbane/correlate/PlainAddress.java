package org.postbane.correlate;

/**
 * An address in the form in which traps are written: {@code user@domain}. Mail servers take other ones for the same, and log them as the
 * client wrote them.
 *
 * <pre>
 * "trap"@example.org                     quoted without need: RFC 5321 section 4.1.2
 * trap@example.org.                      a final dot
 * &#64;relay.example:trap@example.org        a route: RFC 5321 appendix C
 * trap%example.org[@relay.example]       allow_percent_hack of Postfix, percent_hack_domains of Exim
 * example.org!trap[@relay.example]       swap_bangpath of Postfix
 * </pre>
 */
final class PlainAddress {

    private PlainAddress() {}

    /** The plain form; {@code address} itself where it is plain, which most are. */
    static String of(String address) {
        return isPlain(address) ? address : direct(unquoted(withoutRoute(withoutDot(address))));
    }

    private static boolean isPlain(String address) {
        int last = address.length() - 1;
        if (last < 0 || address.charAt(last) == '.' || address.charAt(0) == '@') {
            return false;
        }
        for (int i = 0; i <= last; i++) {
            char c = address.charAt(i);
            if (c == '"' || c == '%' || c == '!') {
                return false;
            }
        }
        return true;
    }

    private static String withoutDot(String address) {
        return address.endsWith(".") ? address.substring(0, address.length() - 1) : address;
    }

    private static String withoutRoute(String address) {
        return address.startsWith("@") ? address.substring(address.indexOf(':') + 1) : address;
    }

    private static String unquoted(String address) {
        if (address.indexOf('"') < 0) {
            return address;
        }
        StringBuilder plain = new StringBuilder(address.length());
        for (int i = 0; i < address.length(); i++) {
            char c = address.charAt(i);
            if (c == '\\' && i + 1 < address.length()) {
                i++;
                plain.append(address.charAt(i));
            } else if (c != '"') {
                plain.append(c);
            }
        }
        return plain.toString();
    }

    /** Without what relays the mail. */
    private static String direct(String address) {
        int at = address.lastIndexOf('@');
        String local = at < 0 ? address : address.substring(0, at);
        int bang = local.lastIndexOf('!');
        if (bang > 0) {
            int before = local.lastIndexOf('!', bang - 1);
            return local.substring(bang + 1) + '@' + local.substring(before + 1, bang);
        }
        int percent = local.indexOf('%');
        if (percent > 0) {
            int behind = local.indexOf('%', percent + 1);
            return local.substring(0, percent)
                    + '@'
                    + local.substring(percent + 1, behind < 0 ? local.length() : behind);
        }
        return address;
    }
}
