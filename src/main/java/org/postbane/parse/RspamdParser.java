package org.postbane.parse;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Task lines of rspamd. Shape: {@code log_format} in {@code conf/logging.inc} as it is by default, printed by {@code
 * rspamd_task_write_log()} in {@code src/libserver/task.c}:
 *
 * <pre>
 * &lt;17eed9>; proxy; rspamd_task_write_log: id: &lt;m>, qid: &lt;4jWn6W33MQzmx81>, ip: 203.0.113.1, user: u, from: &lt;s>,
 *     (default: S (reject): [15.00/15.00] [GTUBE(0.00){}]), len: 978, time: 0.406ms, dns req: 0, digest: &lt;07..>,
 *     rcpts: &lt;r1,r2,...>, mime_rcpts: &lt;r1>, forced: reject "Gtube pattern"; score=15.00 (set by GTUBE)
 * </pre>
 *
 * <p>With {@code systemd = true} there is {@code (rspamd_proxy) } in front. Since 3.10 the tag is the beginning of the queue id.
 *
 * <p>The action is the verdict; the letter before it is not. rspamd puts {@code ?} for whatever is no visible character in the
 * Message-ID, so that it ends at the first blank; queue id and address are rspamd's own. Login, sender, recipients and the
 * options of symbols are strangers' text, and unquoted even where the client quoted them: they may hold whole fake
 * verdicts, before the filter's own (sender) or after it (recipients). Where the line has several verdicts that differ, each is
 * stated with the sender that stands before it if it is the filter's, and who knows the sender knows which is. Recipients are believed where they could not
 * be another text; the list is cut after eight.
 */
final class RspamdParser implements LineParser {

    private static final int MOST_ACTION = 32;

    private static final Mark PROXY = Mark.of(">; proxy; rspamd_task_write_log: id: <");
    private static final Mark TASK = Mark.of(">; task; rspamd_task_write_log: id: <");
    private static final Mark QUEUE_ID = Mark.of(", qid: <");
    private static final Mark END_OF_QUEUE_ID = Mark.of(">, ip: ");
    private static final Mark ADDRESS = Mark.of(", ip: ");
    /** More fakes than that fit into no command of a client: Postfix takes 2048 bytes, and each needs 36. */
    private static final int MOST_READINGS = 64;

    private static final Mark SENDER = Mark.of(", from: <");
    private static final Mark FORCED = Mark.of(">, forced: reject \"");
    private static final Mark RESULT = Mark.of(", (default: ");
    private static final Mark SCORES = Mark.of("): [");
    private static final Mark SYMBOLS = Mark.of("] [");
    private static final Mark LENGTH = Mark.of("]), len: ");
    private static final Mark DIGEST = Mark.of(", digest: <");
    private static final Mark RECIPIENTS = Mark.of(">, rcpts: <");
    private static final int DIGEST_LENGTH = 32;
    private static final String CUT = "...";

    /** What it says besides: {@code <tag>; module; function: text}; what belongs to no task or configuration has no tag. */
    private static final Silent SILENT = Silent.of("<*>; *; *: *", "(*) <*>; *; *: *", "*; *: *", "rspamd_*: *");

    private final VerdictForm form = new VerdictForm(
            "rspamd's verdicts are not understood: its log_format is not the default one", "; rspamd_task_write_log: ");

    private static final Mark TASK_LOG = Mark.of("; rspamd_task_write_log: ");
    private static final int MOST_TAG = 64;
    private static final int MOST_TYPE = 32;

    /** {@code max_tag_len} of rspamd's {@code logging} section, since 3.10; six if not set. */
    private static final int LONGEST_TAG = 32;

    VerdictForm form() {
        return form;
    }

    @Override
    public void puzzled(Line body) {
        form.missed(body);
    }

    /**
     * Everything but task lines: one function prints all that this parser wants, and its name stands before strangers' text. A
     * task line that it makes nothing of has another {@code log_format}.
     */
    @Override
    public boolean knows(Line body) {
        int task = body.indexOf(TASK_LOG, body.start());
        return SILENT.matches(body) && (task < 0 || task - body.start() > MOST_TAG);
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int messageId = messageId(body);
        int blank = messageId < 0 ? -1 : body.indexOf(' ', messageId);
        if (blank < 0 || blank - 2 < messageId || body.bytes()[blank - 1] != ',') {
            return; // most lines end here; or cut short
        }
        int field = blank - 1;
        int messageIdEnd = field - 1;
        QueueId queueId = null;
        if (body.hasAt(field, QUEUE_ID)) {
            int from = field + QUEUE_ID.length();
            int end = body.indexOf('>', from);
            if (!body.hasAt(end, END_OF_QUEUE_ID)) {
                return;
            }
            queueId = QueueId.parse(body.bytes(), from, end);
            field = end + 1;
        }
        if (!body.hasAt(field, ADDRESS)) {
            return;
        }
        int from = field + ADDRESS.length();
        int end = body.indexOf(',', from);
        if (end < 0) {
            return;
        }
        IpPrefix address = IpPrefix.parse(body.bytes(), from, end);
        String id = body.text(messageId, messageIdEnd);
        Result result = result(body, end);
        if (result == null) {
            return;
        }
        form.understood();
        if (result.isOneOfSeveral()) {
            readings(body, end, header, queueId, address, out);
            return;
        }
        List<String> recipients = recipients(body, result.end);
        boolean cut = recipients.remove(CUT);
        boolean reject = result.action.equals("reject");
        new VerdictDraft(header, "rspamd", result.action, reject ? whyRejected(body, result) : result.judgement())
                .points(result.points)
                .blocked(reject)
                .on(queueId)
                .from(address == null ? null : new Peer("", address, 0), null)
                .to(List.copyOf(recipients), cut ? LogEvent.Listed.SOME_AS_NAMED : LogEvent.Listed.AS_NAMED)
                .message(id.equals("undef") ? null : '<' + id + '>', size(body, result.end))
                .state(out);
    }

    /**
     * {@code forced: reject "clamav: virus found: x"; score=nan (set by CLAM_VIRUS)}: what a plugin has decided, at the end of the
     * line, behind the last text of a stranger's, which stands in {@code <>}. {@code lualib/lua_scanners/common.lua}, {@code
     * plugins/lua/dmarc.lua}.
     */
    private static Judgement whyRejected(Line body, Result result) {
        int at = body.lastIndexOf(FORCED, result.end);
        int why = at + FORCED.length();
        if (at < 0 || body.indexOf('>', why) >= 0) {
            return Judgement.SPAM;
        }
        String text = body.text(why, body.end());
        int end = text.indexOf("\"; score=");
        if (text.startsWith("Action set by DMARC\"; score=") && !(result.points >= result.limit)) {
            return Judgement.UNCHECKED; // lists and forwarders meet it, too
        }
        return text.lastIndexOf(": virus found", Math.max(0, end)) >= 0 ? Judgement.VIRUS : Judgement.SPAM;
    }

    /** Where the Message-ID begins: after {@code <task>; proxy; rspamd_task_write_log: id: <}. */
    private static int messageId(Line body) {
        byte[] bytes = body.bytes();
        int i = body.start();
        if (body.length() < 60) {
            return -1;
        }
        if (bytes[i] == '(') {
            int type = body.indexOf(' ', i);
            i = type < 0 || type - i > MOST_TYPE ? i : type + 1;
        }
        if (bytes[i] != '<') {
            return -1;
        }
        int close = body.indexOf('>', i);
        if (close < 0 || close - i > LONGEST_TAG + 1) {
            return -1;
        }
        return body.hasAt(close, PROXY) ? close + PROXY.length() : body.hasAt(close, TASK) ? close + TASK.length() : -1;
    }

    /**
     * @param action empty where the line has several that differ
     * @param end where the scores end
     */
    private record Result(String action, double points, double limit, int end) {

        boolean isOneOfSeveral() {
            return action.isEmpty();
        }

        Judgement judgement() {
            return switch (action) {
                case "reject", "add header", "rewrite subject", "quarantine", "discard" -> Judgement.SPAM;
                case "no action", "greylist" -> Judgement.CLEAN; // greylisting that defers it is a soft reject
                case "soft reject" -> Judgement.TEMPORARY;
                default -> Judgement.UNCHECKED; // an action of the administrator's own
            };
        }
    }

    private static @Nullable Result result(Line body, int from) {
        if (body.hasAt(from, RESULT)) {
            return resultAt(body, from + RESULT.length()); // no stranger's text before it
        }
        Result found = null;
        for (int at = body.indexOf(RESULT, from); at >= 0; at = body.indexOf(RESULT, at + 1)) {
            Result next = resultAt(body, at + RESULT.length());
            if (next != null && found != null && next.judgement() != found.judgement()) {
                return new Result("", Double.NaN, Double.NaN, body.end());
            }
            found = found == null ? next : found;
        }
        return found;
    }

    /** Each verdict of the line, with the sender that the message has if that one is the filter's. */
    private static void readings(
            Line body,
            int from,
            SyslogHeader header,
            @Nullable QueueId queueId,
            @Nullable IpPrefix address,
            Consumer<LogEvent> out) {
        int sender = body.indexOf(SENDER, from) + SENDER.length();
        int left = MOST_READINGS;
        for (int at = body.indexOf(RESULT, from); at >= 0 && left > 0; at = body.indexOf(RESULT, at + 1)) {
            Result result = resultAt(body, at + RESULT.length());
            if (result == null || sender < SENDER.length() || at <= sender || body.bytes()[at - 1] != '>') {
                continue;
            }
            left--;
            new VerdictDraft(header, "rspamd", result.action, result.judgement())
                    .points(result.points)
                    .blocked(result.action.equals("reject"))
                    .on(queueId)
                    .from(address == null ? null : new Peer("", address, 0), body.text(sender, at - 1))
                    .listed(LogEvent.Listed.UNKNOWN_IF_SENDER)
                    .state(out);
        }
    }

    /** {@code S (reject): [15.00/15.00] [}. */
    private static @Nullable Result resultAt(Line body, int at) {
        byte[] bytes = body.bytes();
        if (at + 4 > body.end() || bytes[at + 1] != ' ' || bytes[at + 2] != '(') {
            return null;
        }
        int close = body.indexOf(')', at + 3);
        if (!body.hasAt(close, SCORES) || close - at > MOST_ACTION) {
            return null;
        }
        int scores = close + SCORES.length();
        int slash = body.indexOf('/', scores);
        int end = slash < 0 ? -1 : body.indexOf(']', slash);
        if (!body.hasAt(end, SYMBOLS) || end - scores > 40) {
            return null;
        }
        return new Result(
                body.text(at + 3, close),
                AmavisParser.decimal(body.text(scores, slash)),
                AmavisParser.decimal(body.text(slash + 1, end)),
                end);
    }

    private static long size(Line body, int from) {
        int at = body.indexOf(LENGTH, from);
        int digits = at + LENGTH.length();
        return at < 0 ? 0 : Math.max(0, PostfixText.number(body, digits, PostfixText.endOfNumber(body, digits)));
    }

    /** Empty where there are none, or where the text could be something else. */
    private static List<String> recipients(Line body, int from) {
        int digest = body.indexOf(DIGEST, from);
        int list = digest + DIGEST.length() + DIGEST_LENGTH;
        boolean another = digest >= 0 && body.indexOf(DIGEST, digest + 1) >= 0;
        if (digest < 0 || another || !body.hasAt(list, RECIPIENTS)) {
            return new ArrayList<>(0);
        }
        List<String> recipients = new ArrayList<>(4);
        int at = list + RECIPIENTS.length();
        for (int i = at; i < body.end(); i++) {
            byte b = body.bytes()[i];
            if (b == ',' || b == '>') {
                String recipient = body.text(at, i);
                if (recipient.indexOf('@') != recipient.lastIndexOf('@') || recipient.isEmpty()) {
                    break; // a quoted local part with a comma in it
                }
                recipients.add(recipient);
                if (b == '>') {
                    return recipients;
                }
                at = i + 1;
            } else if (b <= ' ' && b >= 0 || b == '"' || b == '<' || b == '\\' || b == ';') {
                break;
            }
        }
        return new ArrayList<>(0);
    }
}
