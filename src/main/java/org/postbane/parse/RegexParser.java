package org.postbane.parse;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.QueueId;
import org.postbane.source.Line;

/**
 * Lines of a program that administrators' filters tell of; what the program's own parser makes an event of, they do not see. The
 * first expression that matches says what the line states. A client is an address, never a name that would have to be looked
 * up. Lines over {@value #MOST} bytes are passed over.
 */
final class RegexParser implements LineParser {

    private static final int MOST = 8192;

    private final @Nullable LineParser own;
    private final List<Rules> filters;
    private boolean stated;

    private record Rules(RegexFilter filter, List<Pattern> expressions, List<Pattern> ignored) {
        static Rules of(RegexFilter filter) {
            return new Rules(
                    filter,
                    filter.expressions().stream().map(Pattern::compile).toList(),
                    filter.ignored().stream().map(Pattern::compile).toList());
        }
    }

    /** @param own the program's parser; null if there is none */
    RegexParser(@Nullable LineParser own, List<RegexFilter> filters) {
        this.own = own;
        this.filters = filters.stream().map(Rules::of).toList();
    }

    /** The program's own parser; this one itself where there is none. */
    LineParser own() {
        return own == null ? this : own;
    }

    /** Lines that no expression matches are none of the filters' business. */
    @Override
    public boolean knows(Line body) {
        return own == null || own.knows(body);
    }

    @Override
    public void puzzled(Line body) {
        if (own != null) {
            own.puzzled(body);
        }
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        stated = false;
        if (own != null) {
            own.parse(body, header, event -> {
                stated = true;
                out.accept(event);
            });
        }
        if (stated || body.length() > MOST) {
            return;
        }
        String text = body.text();
        for (Rules rules : filters) {
            Matcher match = match(rules, text);
            if (match != null && state(rules.filter().event(), match, header, out)) {
                return;
            }
        }
    }

    private static @Nullable Matcher match(Rules rules, String text) {
        for (Pattern expression : rules.expressions()) {
            Matcher matcher = expression.matcher(text);
            if (matcher.find()) {
                boolean ignored = rules.ignored().stream()
                        .anyMatch(pattern -> pattern.matcher(text).find());
                return ignored ? null : matcher;
            }
        }
        return null;
    }

    /** False if what the event is about is no address, or no queue id. */
    private static boolean state(RegexFilter.Event event, Matcher match, SyslogHeader header, Consumer<LogEvent> out) {
        String host = group(match, RegexFilter.HOST);
        IpPrefix address = host == null ? null : IpPrefix.parse(host);
        String id = group(match, RegexFilter.QUEUE);
        QueueId queueId = id == null ? null : QueueId.parse(id);
        String sender = group(match, RegexFilter.SENDER);
        String recipient = group(match, RegexFilter.RECIPIENT);
        Peer client = new Peer("", address, 0);
        if (event.judgement != null) {
            if (queueId == null) {
                return false;
            }
            String points = group(match, RegexFilter.POINTS);
            new VerdictDraft(header, header.by().name(), event.key(), event.judgement)
                    .points(points == null ? 0 : AmavisParser.decimal(points))
                    .on(queueId)
                    .from(address == null ? null : client, sender)
                    .to(recipient == null ? List.of() : List.of(recipient), LogEvent.Listed.EXPANDED)
                    .state(out);
            return true;
        }
        if (address == null) {
            return false;
        }
        String text = match.group();
        switch (event) {
            case AUTH_FAILURE ->
                out.accept(new LogEvent.AuthFailure(
                        header.at(), header.by(), client, "", group(match, RegexFilter.USER), text));
            case REJECT ->
                out.accept(new LogEvent.Reject(
                        header.at(), header.by(), queueId, "RCPT", client, 550, text, sender, recipient, false));
            default ->
                out.accept(new LogEvent.ProtocolError(
                        header.at(), header.by(), client, "", text, LogEvent.Breach.VIOLATION));
        }
        return true;
    }

    private static @Nullable String group(Matcher match, String name) {
        return match.pattern().namedGroups().containsKey(name) ? match.group(name) : null;
    }
}
