package org.postbane.parse;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Verdict lines of amavisd-new. Shape: {@code $log_templ} in {@code Amavis/Conf.pm}, as it is by default:
 *
 * <pre>
 * (02662-01) Passed SPAM {RelayedTaggedInbound}, ORIGINATING LOCAL [203.0.113.1]:31087 [203.0.113.1] &lt;s&gt; -> &lt;r&gt;,&lt;r2&gt;,
 *     quarantine: l/spam-lb3.gz, Queue-ID: 3064E52EAC1, Message-ID: &lt;m&gt;, mail_id: lPGJ, Hits: 1000.3, size: 871,
 *     queued_as: 2C98E52EC11/2C98E52EC12, 947 ms
 * </pre>
 *
 * <p>Between the category and <code>{</code> there may be {@code (file name)} or {@code (virus name)}. The first bracket is the client, as the MTA
 * told amavis, and has the port; the second comes from a Received header and is a lie where it matters. Sender and
 * recipients are quoted strings that may hold whole fake fields, and the Message-ID is any text of the sender's: the
 * fields before it are read from the left, quotes in mind, those after it from the right.
 *
 * <p>A line over about 1000 characters is logged in parts ({@code write_log} in {@code Amavis/Log.pm}): each but the last
 * ends in {@code ...}, each but the first begins with {@code ...}, all with the same process and amavis id. They are put
 * together here. Memory: at most {@link #MOST_PARTIAL} unfinished lines of {@link #MAX_JOINED} bytes. What is unfinished when
 * the agent stops is lost.
 */
final class AmavisParser implements LineParser {

    private static final int MOST_PARTIAL = 64;
    private static final int MAX_JOINED = 1 << 18;
    /** Places that look like a head are tried so often: a stranger could write a line full of them. */
    private static final int MOST_HEADS = 50;

    private static final Mark PASSED = Mark.of("Passed ");
    private static final Mark BLOCKED = Mark.of("Blocked ");
    private static final Mark NAME = Mark.of("(");
    private static final Mark NAME_END = Mark.of(") {");
    private static final Mark ACTIONS = Mark.of("{");
    private static final Mark COMMA = Mark.of(",");
    private static final Mark DOTS = Mark.of("...");
    private static final Mark ARROW = Mark.of("> -> <");
    private static final Mark NEXT_RECIPIENT = Mark.of(">,<");
    private static final Mark QUARANTINE = Mark.of(", quarantine: ");
    private static final Mark QUEUE_ID = Mark.of(", Queue-ID: ");
    private static final Mark MESSAGE_ID = Mark.of(", Message-ID: ");
    private static final Mark RESENT = Mark.of(", Resent-Message-ID: ");
    private static final Mark MAIL_ID = Mark.of(", mail_id: ");
    private static final Mark HITS = Mark.of(", Hits: ");
    private static final Mark SIZE = Mark.of(", size: ");
    private static final Mark QUEUED_AS = Mark.of(", queued_as: ");

    private static final Mark TROUBLE = Mark.of("(!");

    /** Sources: {@code amavisd-new}'s {@code do_log()} calls of levels 0 and below. */
    private static final Silent SILENT = Silent.of(
            "starting. *",
            "perl=*",
            "Net::Server: *",
            "No $*",
            "No ext program for*",
            "No decoder for*",
            "No primary av scanner *",
            "No secondary av scanner *",
            "Found *",
            "Deleting db files *",
            "Creating db in *",
            "initializing Mail::SpamAssassin *",
            "SpamControl: *",
            "(SA *",
            "TROUBLE *",
            "Net::Server*",
            "Valid PID file *",
            "config files read: *",
            "*code     loaded",
            "*code NOT loaded",
            "*code  loaded",
            "INFO: *",
            "WARN*",
            "ESMTP: *",
            "ESMTP> *",
            "ESMTP< *",
            "ESMTP::*",
            "Negative SMTP resp. to *",
            "Checking: *",
            "p.path *",
            "p0*",
            "SPAM, *",
            "spam-tag, *",
            "FWD *",
            "SEND *",
            "dkim: *",
            "DKIM *",
            "TIMING *",
            "extra modules loaded: *",
            "mail checking ended: *",
            "Requesting process rundown *",
            "load: *",
            "Quarantine *",
            "quarantine release *",
            "skip local delivery*",
            "smtp session *",
            "run_command: *",
            "run_av *",
            "ask_av *",
            "penpals: *",
            "wbl: *",
            "lookup *");

    /** No double tells more apart. */
    private static final int MOST_DIGITS = 15;

    private static final double[] POWERS_OF_TEN = powersOfTen();

    private final MailFilter filter;
    private final VerdictForm form = new VerdictForm(
            "amavis's verdicts are not understood: its $log_templ is not the default one",
            "Passed ",
            "Blocked ",
            "mail_id",
            "queued_as",
            "Hits",
            "\"score\"");
    private final Map<Program, Partial> partials = new LinkedHashMap<>();
    private final Line joined = new Line();

    AmavisParser(MailFilter filter) {
        this.filter = filter;
    }

    private static double[] powersOfTen() {
        double[] powers = new double[MOST_DIGITS + 1];
        powers[0] = 1;
        for (int i = 1; i < powers.length; i++) {
            powers[i] = 10 * powers[i - 1];
        }
        return powers;
    }

    VerdictForm form() {
        return form;
    }

    @Override
    public void puzzled(Line body) {
        if (endOfId(body) >= 0) {
            form.missed(body);
        }
    }

    /** Whether the first part of a line is here, and its end is not. */
    boolean isMidLine() {
        return !partials.isEmpty();
    }

    /** The parts of one line so far, without its amavis id and dots. */
    private record Partial(String id, ByteArrayOutputStream text) {}

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int idEnd = endOfId(body);
        if (idEnd < 0) {
            return;
        }
        int text = idEnd + 2; // after ") "
        boolean passed = body.hasAt(text, PASSED);
        if (passed || body.hasAt(text, BLOCKED)) {
            if (body.endsWith(DOTS)) {
                begin(body, text, idEnd, header.by());
            } else {
                verdict(body, text, body.text(body.start() + 1, idEnd), header, out);
            }
        } else if (!partials.isEmpty() && body.hasAt(text, DOTS)) {
            proceed(body, text + DOTS.length(), idEnd, header, out);
        }
    }

    /** Parts of long lines, the filter's own troubles ({@code (!)}), and what it says of itself. */
    @Override
    public boolean knows(Line body) {
        int idEnd = endOfId(body);
        if (idEnd < 0) {
            return SILENT.matches(body);
        }
        int text = idEnd + 2;
        return body.hasAt(text, DOTS)
                || body.hasAt(text, TROUBLE)
                || body.endsWith(DOTS) && (body.hasAt(text, PASSED) || body.hasAt(text, BLOCKED))
                || SILENT.matches(new Line().set(body.bytes(), text, body.end()));
    }

    /** Where the {@code )} of a leading {@code (02662-01-2) } stands; -1 if the line does not begin so. */
    private static int endOfId(Line body) {
        if (body.length() < 4 || body.bytes()[body.start()] != '(') {
            return -1;
        }
        int close = body.indexOf(')', body.start());
        boolean id = close > 0
                && close + 1 < body.end()
                && body.bytes()[close + 1] == ' '
                && isId(body, body.start() + 1, close);
        return id ? close : -1;
    }

    /** {@code 02662-01}, {@code 02662-01-2}: process, child task and message in the session. */
    static boolean isId(Line line, int from, int to) {
        int hyphens = 0;
        for (int i = from; i < to; i++) {
            byte b = line.bytes()[i];
            if (b == '-') {
                hyphens++;
            } else if (b < '0' || b > '9') {
                return false;
            }
        }
        return to - from >= 4 && to - from <= 40 && hyphens >= 1 && line.bytes()[to - 1] != '-';
    }

    private void begin(Line body, int text, int idEnd, Program by) {
        if (partials.size() >= MOST_PARTIAL) {
            partials.remove(partials.keySet().iterator().next());
        }
        ByteArrayOutputStream parts = new ByteArrayOutputStream(2048);
        parts.write(body.bytes(), text, body.end() - DOTS.length() - text);
        partials.put(by, new Partial(body.text(body.start() + 1, idEnd), parts));
    }

    private void proceed(Line body, int text, int idEnd, SyslogHeader header, Consumer<LogEvent> out) {
        Partial partial = partials.get(header.by());
        if (partial == null || !partial.id.equals(body.text(body.start() + 1, idEnd))) {
            return; // the rest of another kind of line
        }
        boolean more = body.endsWith(DOTS) && body.end() - DOTS.length() > text;
        partial.text.write(body.bytes(), text, (more ? body.end() - DOTS.length() : body.end()) - text);
        if (more && partial.text.size() < MAX_JOINED) {
            return;
        }
        partials.remove(header.by());
        if (!more) {
            byte[] whole = partial.text.toByteArray();
            verdict(joined.set(whole, 0, whole.length), 0, partial.id, header, out);
        }
    }

    /** @param text where {@code Passed } or {@code Blocked } begins */
    private void verdict(Line line, int text, String filterId, SyslogHeader header, Consumer<LogEvent> out) {
        boolean blocked = line.hasAt(text, BLOCKED);
        int category = text + (blocked ? BLOCKED.length() : PASSED.length());
        int categoryEnd = line.indexOf(' ', category);
        if (categoryEnd < 0 || !isCategory(line, category, categoryEnd)) {
            return;
        }
        int mailId = line.lastIndexOf(MAIL_ID, categoryEnd);
        Head head = line.hasAt(categoryEnd + 1, NAME) ? headAfterName(line, categoryEnd) : head(line, categoryEnd + 1);
        if (head == null || !head.certain && mailId < 0) {
            return; // another template, or nothing that is certain
        }
        QueueId queueId = null;
        String messageId = null;
        String quarantine = null;
        int end = head.end;
        if (head.certain) {
            if (line.hasAt(end, QUARANTINE)) {
                int next = line.indexOf(',', end + QUARANTINE.length());
                String place = line.text(end + QUARANTINE.length(), next < 0 ? line.end() : next);
                quarantine = place.indexOf('@') < 0 ? null : place;
                end = next < 0 ? line.end() : next;
            }
            if (line.hasAt(end, QUEUE_ID)) {
                int from = end + QUEUE_ID.length();
                int to = line.indexOf(',', from);
                end = to < 0 ? line.end() : to;
                queueId = QueueId.parse(line.bytes(), from, end);
            }
            if (line.hasAt(end, MESSAGE_ID) && mailId > end) {
                messageId = messageId(line, end + MESSAGE_ID.length(), mailId);
            }
        }
        int tail = mailId < end ? end : mailId;
        form.understood();
        String word = line.text(category, categoryEnd);
        new VerdictDraft(
                        header, "amavis", word, Objects.requireNonNullElse(filter.judgement(word), Judgement.UNCHECKED))
                .points(points(line, tail))
                .blocked(blocked)
                .on(queueId)
                .from(head.client, head.sender)
                .to(head.recipients, LogEvent.Listed.EXPANDED)
                .message(messageId, size(line, tail))
                .queuedAs(queuedAs(line, tail))
                .filterId(filterId)
                .quarantine(quarantine)
                .state(out);
    }

    /**
     * From the actions to the recipients.
     *
     * @param certain false where several texts on the line look like one; then there is nothing in it
     * @param end where the recipients end
     */
    private record Head(
            boolean certain,
            @Nullable Peer client,
            @Nullable String sender,
            List<String> recipients,
            int end) {

        static final Head AMBIGUOUS = new Head(false, null, null, List.of(), 0);
    }

    /**
     * The head behind a {@code (file name)} or {@code (virus name)}. The name may hold anything, and so may the Message-ID
     * further on: where more than one place in the line reads as a head, none is believed. What follows {@code mail_id} and
     * amavis's own id are certain still.
     */
    private static @Nullable Head headAfterName(Line line, int categoryEnd) {
        Head found = null;
        int tries = 0;
        for (int at = line.indexOf(NAME_END, categoryEnd); at >= 0; at = line.indexOf(NAME_END, at + 1)) {
            Head head = head(line, at + NAME_END.length() - 1);
            if (head != null && found != null || ++tries > MOST_HEADS) {
                return Head.AMBIGUOUS;
            }
            found = head == null ? found : head;
        }
        return found;
    }

    /** The head that begins with <code>{Actions},</code> at {@code open}; null if none does. */
    private static @Nullable Head head(Line line, int open) {
        if (!line.hasAt(open, ACTIONS)) {
            return null;
        }
        int close = line.indexOf('}', open);
        int sender = close < 0 || !line.hasAt(close + 1, COMMA) ? -1 : line.indexOf('<', close);
        int client = sender < 0 ? -1 : line.indexOf('[', close, sender); // none of mail that no client handed in
        int senderEnd = sender < 0 ? -1 : PostfixText.endOfAddress(line, sender + 1);
        if (!line.hasAt(senderEnd, ARROW)) {
            return null;
        }
        List<String> recipients = new ArrayList<>(4);
        int end = recipients(line, senderEnd + ARROW.length(), recipients);
        Peer peer = client < 0 ? null : client(line, client);
        return end < 0 ? null : new Head(true, peer, line.text(sender + 1, senderEnd), recipients, end);
    }

    private static boolean isCategory(Line line, int from, int to) {
        for (int i = from; i < to; i++) {
            byte b = line.bytes()[i];
            if (!(b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-')) {
                return false;
            }
        }
        return to > from;
    }

    /**
     * {@code [203.0.113.1]:31087}, as XFORWARD told it. An address without a port is the first one that amavis found in the
     * message's Received lines ({@code check_mail()}), where strangers write: null, if it is not this host's.
     */
    private static @Nullable Peer client(Line line, int open) {
        int close = line.indexOf(']', open);
        IpPrefix address = IpPrefix.parse(line.bytes(), open + 1, close);
        if (address == null) {
            return null;
        }
        int port = 0;
        if (close + 1 < line.end() && line.bytes()[close + 1] == ':') {
            port = Math.max(0, PostfixText.number(line, close + 2, PostfixText.endOfNumber(line, close + 2)));
        }
        return port > 0 || address.isLoopback() ? new Peer("", address, port) : null;
    }

    /** Adds the recipients from {@code from}, after the first {@code <}; where the list ends, or -1. */
    private static int recipients(Line line, int from, List<String> recipients) {
        int at = from;
        while (true) {
            int end = PostfixText.endOfAddress(line, at);
            if (end < 0) {
                return -1;
            }
            recipients.add(line.text(at, end));
            if (!line.hasAt(end, NEXT_RECIPIENT)) {
                return end + 1;
            }
            at = end + NEXT_RECIPIENT.length();
        }
    }

    private static String messageId(Line line, int from, int mailId) {
        int resent = line.lastIndexOf(RESENT, from, mailId);
        return line.text(from, resent < 0 ? mailId : resent);
    }

    private static long size(Line line, int tail) {
        int at = line.indexOf(SIZE, tail);
        int digits = at + SIZE.length();
        return at < 0 ? 0 : Math.max(0, PostfixText.number(line, digits, PostfixText.endOfNumber(line, digits)));
    }

    private static double points(Line line, int tail) {
        int hits = line.indexOf(HITS, tail);
        if (hits < 0) {
            return Double.NaN;
        }
        int from = hits + HITS.length();
        int to = line.indexOf(',', from);
        return decimal(line.text(from, to < 0 ? line.end() : to));
    }

    /** NaN for {@code -} (not looked at) and other text that is no number, or one of more than {@link #MOST_DIGITS} digits. */
    static double decimal(String text) {
        int from = text.startsWith("-") ? 1 : 0;
        long digits = 0;
        int count = 0;
        int point = -1;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '.' && point < 0) {
                point = i;
            } else if (c >= '0' && c <= '9') {
                digits = digits * 10 + c - '0';
                count++;
            } else {
                return Double.NaN;
            }
        }
        if (count == 0 || count > MOST_DIGITS) {
            return Double.NaN;
        }
        double unit = point < 0 ? 1 : POWERS_OF_TEN[text.length() - 1 - point];
        return (from == 0 ? digits : -digits) / unit; // both exact, so rounded once, as by Double.parseDouble
    }

    /** {@code ID} or {@code ID/ID}. The next MTA's whole reply, if that says nothing of the kind: then none, as it may repeat a recipient. */
    private static List<QueueId> queuedAs(Line line, int tail) {
        int at = line.indexOf(QUEUED_AS, tail);
        if (at < 0) {
            return List.of();
        }
        List<QueueId> ids = new ArrayList<>(1);
        int from = at + QUEUED_AS.length();
        int comma = line.indexOf(',', from);
        int end = comma < 0 ? line.end() : comma;
        while (from <= end) {
            int slash = line.indexOf('/', from, end);
            int to = slash < 0 ? end : slash;
            QueueId id = QueueId.parse(line.bytes(), from, to);
            if (id == null) {
                return List.of();
            }
            ids.add(id);
            from = to + 1;
        }
        return ids;
    }
}
