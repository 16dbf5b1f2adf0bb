package org.postbane.parse;

import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Finds the client in a line of Exim's: {@code name (helo) [address]:port I=[ours]:port Ci=connection U=ident}, of which all but the address
 * may be missing. Shapes: {@code host_build_sender_fullhost()} in {@code src/host.c}, {@code host_and_ident()} in {@code
 * src/smtp_in.c}.
 *
 * <p>The address is in brackets that Exim writes, but the client writes before them (HELO) and after them (addresses,
 * Message-ID, subject, login). Names from DNS hold letters, digits, dots, hyphens and underscores only. HELO holds the same
 * or an address literal, unless {@code helo_accept_junk_hosts} lets anything in, {@code x) [192.0.2.1] P=esmtp} too; so each
 * place is looked at where {@code ) [address]} stands before what must follow. Where these name several addresses, {@link #peer} is
 * nobody: quotes prove nothing, as the argument of RCPT is printed as the client wrote it, and cut.
 *
 * <p>In an arrival, and where a message was refused after its content was seen, {@link #peerBehindQuotes} still names somebody:
 *
 * <ul>
 *   <li>the first place, if all quotes behind it open and close as Exim prints those of a subject or an address, and if none of the
 *       other places can be Exim's own, as a lone quote is behind it. Then these stand in quoted strings;
 *   <li>in an arrival the last place, if there is no quote before it. Then it stands in no quoted string, and all that Exim prints
 *       behind the client without quotes is without blanks, so the others are HELO.
 * </ul>
 *
 * <p>Never where a login, a certificate's or a server's name follows, of which Exim escapes nothing, nor behind {@code U=}, which is
 * the word of the client's own machine. A quote in the domain of a DKIM signature ({@code DKIM=ev"il.example}) opens nothing. Known:
 * where junk in HELO is let in and an ACL's words repeat what the client says, quotes can be made to pair.
 *
 * <p>One object is reused for all lines. Not thread-safe.
 */
final class EximPeer {

    private static final Mark HELO_END = Mark.of(") [");
    private static final Mark INTERFACE = Mark.of(" I=[");
    private static final Mark FAST_OPEN = Mark.of(" TFO");
    private static final Mark PROXY = Mark.of(" PRX=");
    private static final Mark IDENT = Mark.of(" U=");

    private static final Mark SERVER_NAME = Mark.of(" SNI=");
    private static final Mark NAMED = Mark.of(" DN=\"");
    private static final Mark LOGIN = Mark.of(" A=");
    private static final Mark SIGNED_BY = Mark.of(" DKIM=");
    private static final Mark SUBJECT = Mark.of(" T=\"");
    private static final Mark MESSAGE_ID = Mark.of(" id=\"");
    private static final Mark OWN_MESSAGE_ID = Mark.of(" id*=\"");
    private static final Mark FOR = Mark.of(" for ");
    private static final Mark CONNECTION = Mark.of(" Ci=");

    /** Where a client could stand; of a line that has more, nobody is named. */
    private static final int MOST_PLACES = 16;

    private Peer peer = Peer.NOBODY;
    private Peer peerBehindQuotes = Peer.NOBODY;
    private int end;
    private boolean mayEnd;
    private boolean isArrival;
    /** {@code U=} was seen. */
    private boolean hasIdent;

    /**
     * Looks for the client from {@code from} on, where Exim's text about it begins.
     *
     * @param next of which one must follow
     * @return false if there is none
     */
    boolean find(Line line, int from, Mark... next) {
        byte[] bytes = line.bytes();
        int name = from;
        while (name < line.end() && isHostName(bytes[name])) {
            name++;
        }
        int open = name > from ? name + 1 : name;
        if (open >= line.end() || name > from && bytes[name] != ' ') {
            return false;
        }
        if (bytes[open] == '[') {
            IpPrefix address = address(line, open);
            end = address == null ? -1 : after(line, open, next);
            peer = end < 0 ? Peer.NOBODY : new Peer(line.text(from, name), address, port(line, open));
            peerBehindQuotes = peer;
            return end >= 0;
        }
        return bytes[open] == '(' && afterHelo(line, from, name, open, next);
    }

    /** As {@link #find}, but the line may end after the client, too. */
    boolean findOrEnd(Line line, int from, Mark... next) {
        mayEnd = true;
        boolean found = find(line, from, next);
        mayEnd = false;
        return found;
    }

    /** As {@link #find}, in the line of an arrival. */
    boolean findInArrival(Line line, int from, Mark next) {
        isArrival = true;
        boolean found = find(line, from, next);
        isArrival = false;
        return found;
    }

    private boolean afterHelo(Line line, int from, int name, int open, Mark... next) {
        int first = -1;
        int firstEnd = -1;
        IpPrefix firstAddress = null;
        int last = -1;
        int lastEnd = -1;
        boolean several = false;
        boolean othersQuoted = true;
        hasIdent = false;
        int places = 0;
        for (int at = line.indexOf(HELO_END, open); at >= 0; at = line.indexOf(HELO_END, at + 1)) {
            IpPrefix address = address(line, at + 2);
            int after = address == null ? -1 : after(line, at + 2, next);
            if (after < 0) {
                continue;
            }
            places++;
            last = at + 2;
            lastEnd = after;
            if (firstAddress == null) {
                first = last;
                firstEnd = after;
                firstAddress = address;
            } else if (!firstAddress.equals(address)) {
                several = true;
                othersQuoted &= !hasPairedQuotes(line, after);
            }
            if (places > MOST_PLACES) {
                several = true;
                break;
            }
        }
        end = firstEnd;
        peer = Peer.NOBODY;
        peerBehindQuotes = Peer.NOBODY;
        if (firstAddress == null) {
            return false;
        }
        boolean raw = hasIdent || hasRawQuotes(line, firstEnd, line.end()) || line.indexOf(LOGIN, firstEnd) >= 0;
        if (!several) {
            peer = peer(line, from, name, first);
            peerBehindQuotes = peer;
        } else if (places > MOST_PLACES || raw) {
            return true;
        } else if (othersQuoted && hasEximsQuotes(line, firstEnd)) {
            peerBehindQuotes = peer(line, from, name, first);
        } else if (isArrival && line.indexOf('"', firstEnd, last) < 0) {
            peerBehindQuotes = peer(line, from, name, last);
            end = lastEnd;
        }
        return true;
    }

    private static Peer peer(Line line, int from, int name, int open) {
        return new Peer(line.text(from, name), address(line, open), port(line, open));
    }

    /** Whether something may follow in which the client's quotes stand as they are: names of certificates and servers. */
    static boolean hasRawQuotes(Line line, int from, int to) {
        int server = line.indexOf(SERVER_NAME, from);
        int blank = server < 0 ? -1 : line.indexOf(' ', server + 1);
        int quote = server < 0 ? -1 : line.indexOf('"', server);
        int named = line.indexOf(NAMED, from);
        return named >= 0 && named < to || quote >= 0 && quote < to && (blank < 0 || quote < blank);
    }

    /** The client; {@link Peer#NOBODY} where something else in the line looks like one, too. */
    Peer peer() {
        return peer;
    }

    /** The client, where what else looks like one stands in HELO or in quotes for certain; of lines whose quotes Exim itself sets. */
    Peer peerBehindQuotes() {
        return peerBehindQuotes;
    }

    /** Where what follows the client begins, its leading blank or colon included. */
    int end() {
        return end;
    }

    private static @Nullable IpPrefix address(Line line, int open) {
        int close = line.indexOf(']', open);
        return close < 0 || close - open > 50 ? null : IpPrefix.parse(line.bytes(), open + 1, close);
    }

    private static int port(Line line, int open) {
        int close = line.indexOf(']', open);
        int digits = close + 2;
        boolean has = close + 1 < line.end() && line.bytes()[close + 1] == ':';
        int port = has ? PostfixText.number(line, digits, PostfixText.endOfNumber(line, digits)) : 0;
        return port < 0 || port > 65_535 ? 0 : port;
    }

    /** Where {@code next} stands after the address in the brackets at {@code open}; -1 if it does not. */
    private int after(Line line, int open, Mark... next) {
        int at = pastPort(line, line.indexOf(']', open) + 1);
        if (line.hasAt(at, INTERFACE)) {
            int close = line.indexOf(']', at);
            if (close < 0) {
                return -1;
            }
            at = pastPort(line, close + 1);
        }
        while (line.hasAt(at, FAST_OPEN) || line.hasAt(at, PROXY) || line.hasAt(at, CONNECTION)) {
            int blank = line.indexOf(' ', at + 1);
            at = blank < 0 ? line.end() : line.bytes()[blank - 1] == ':' ? blank - 1 : blank;
        }
        if (line.hasAt(at, IDENT)) {
            hasIdent = true;
            at = pastIdent(line, at, next);
        }
        for (Mark each : next) {
            if (line.hasAt(at, each)) {
                return at;
            }
        }
        return mayEnd && at == line.end() ? at : -1;
    }

    /** What the client's machine says may hold anything; its end is where the first of {@code next} stands. */
    private int pastIdent(Line line, int from, Mark... next) {
        int first = line.end();
        for (Mark each : next) {
            int at = line.indexOf(each, from + 1);
            first = at < 0 ? first : Math.min(first, at);
        }
        return first;
    }

    private static int pastPort(Line line, int at) {
        if (at + 1 < line.end() && line.bytes()[at] == ':') {
            int digits = PostfixText.endOfNumber(line, at + 1);
            return digits > at + 1 ? digits : at;
        }
        return at;
    }

    /** Whether Exim could have printed what begins at {@code from}, outside of quotes: all of them are in pairs but in a signature's domain. */
    private static boolean hasPairedQuotes(Line line, int from) {
        boolean quoted = false;
        for (int i = from; i < line.end(); i++) {
            byte b = line.bytes()[i];
            if (b == '\\') {
                i++;
            } else if (b == '"') {
                quoted = !quoted;
            } else if (b == ' ' && !quoted && line.hasAt(i, SIGNED_BY)) {
                int blank = line.indexOf(' ', i + 1);
                i = blank < 0 ? line.end() : blank - 1;
            }
        }
        return !quoted;
    }

    /** Whether every quote opens and closes where Exim prints a subject or a local part. */
    private static boolean hasEximsQuotes(Line line, int from) {
        for (int open = line.indexOf('"', from); open >= 0; ) {
            int close = endOfQuoted(line, open + 1);
            if (close < 0 || !isSubject(line, open, close) && !isLocalPart(line, from, open, close)) {
                return false;
            }
            open = line.indexOf('"', close + 1);
        }
        return true;
    }

    private static int endOfQuoted(Line line, int from) {
        int i = line.indexOfEither('"', '\\', from);
        while (i >= 0 && line.bytes()[i] == '\\') {
            i = line.indexOfEither('"', '\\', i + 2);
        }
        return i;
    }

    private static boolean isSubject(Line line, int open, int close) {
        return line.hasAt(open + 1 - SUBJECT.length(), SUBJECT)
                && (close + 1 == line.end() || line.bytes()[close + 1] == ' ');
    }

    /** {@code <"a b"@x>},  {@code id="a b"@x}, {@code for u "a b"@x}, {@code <"a b">}, {@code <"a b"."c d"@x>}. */
    private static boolean isLocalPart(Line line, int from, int open, int close) {
        byte before = line.bytes()[open - 1];
        int after = close + 1 < line.end() ? line.bytes()[close + 1] : ' ';
        boolean opens = before == '<'
                || before == '.'
                || before == ' ' && line.lastIndexOf(FOR, from, open) >= 0
                || line.hasAt(open + 1 - MESSAGE_ID.length(), MESSAGE_ID)
                || line.hasAt(open + 1 - OWN_MESSAGE_ID.length(), OWN_MESSAGE_ID);
        return opens && (after == '@' || after == '.' || after == '>' && before == '<');
    }

    private static boolean isHostName(byte b) {
        return b >= 'a' && b <= 'z'
                || b >= 'A' && b <= 'Z'
                || b >= '0' && b <= '9'
                || b == '-'
                || b == '.'
                || b == '_'
                || b == '/' // names of RFC 2317 delegations
                || b < 0;
    }
}
