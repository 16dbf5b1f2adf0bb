package org.postbane.act;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.UUID;
import org.postbane.model.Subject;

/**
 * A mail for each banned client to a desk for abuse: ARF (RFC 5965), or XARF 4 (schema reputation-blocklist, as a log does not know
 * what messaging-spam asks for: the client's port). The message itself is not known either; in its place ARF gets a header made from
 * what the log told, which says so.
 */
final class AbuseMail implements Courier {

    private final ReportSettings settings;
    private final ReportSettings.Abuse way;
    private final Sendmail sendmail;

    AbuseMail(ReportSettings settings, ReportSettings.Abuse way, Duration patience) {
        this.settings = settings;
        this.way = way;
        sendmail = new Sendmail(settings.name(), way.sendmail(), patience);
    }

    @Override
    public void bring(Backlog waiting, Instant now) throws ActionException {
        for (int i = 0; i < way.most() && !waiting.isEmpty(); i++) {
            send(waiting.oldest(1).get(0), now);
            waiting.arrived(1);
        }
    }

    private void send(News news, Instant now) throws ActionException {
        String boundary = "=_postbane_" + PostfixMap.ticket(news.ban());
        String subject = "Abuse from " + news.subject(false);
        String text = """
                %s was banned here %s, for spam or attacks on our mail server:
                %s

                The time is UTC. Ticket: %s
                """.formatted(
                        news.subject(false),
                        news.until(),
                        News.plain(news.reason(settings.redact())),
                        PostfixMap.ticket(news.ban()));
        String parts = part(boundary, "text/plain; charset=us-ascii", text)
                + (way.format() == ReportSettings.Form.ARF
                        ? part(boundary, "message/feedback-report", feedback(news))
                                + part(boundary, "text/rfc822-headers", header(news))
                        : part(boundary, "application/json; charset=utf-8; name=\"xarf.json\"", xarf(news, now)))
                + "--" + boundary + "--\n";
        String type = (way.format() == ReportSettings.Form.ARF
                        ? "multipart/report; report-type=feedback-report"
                        : "multipart/mixed")
                + ";\n boundary=\"" + boundary + "\"";
        sendmail.send(way.from(), way.to(), subject, type, parts);
    }

    private static String part(String boundary, String type, String body) {
        return "--%s\nContent-Type: %s\n\n%s\n".formatted(boundary, type, body);
    }

    private static String rfc5322(Instant time) {
        return DateTimeFormatter.RFC_1123_DATE_TIME.format(time.atOffset(ZoneOffset.UTC));
    }

    private static String feedback(News news) {
        boolean single = news.ban().subject() instanceof Subject.Client client
                && client.prefix().isSingle();
        return """
                Feedback-Type: abuse
                User-Agent: Postbane/1
                Version: 1
                Arrival-Date: %s
                """.formatted(rfc5322(news.at())) + (single ? "Source-IP: " + news.subject(false) + "\n" : "");
    }

    private static String header(News news) {
        return """
                Received: from [%s]; %s
                X-Postbane-Note: made from the mail server's log, as the message was not kept
                """.formatted(news.subject(false), rfc5322(news.at()));
    }

    private String xarf(News news, Instant now) {
        String domain = way.from().substring(way.from().lastIndexOf('@') + 1);
        String contact = "{\"org\": %s, \"contact\": %s, \"domain\": %s}"
                .formatted(Quoted.json(way.organization()), Quoted.json(way.from()), Quoted.json(domain));
        String id = UUID.nameUUIDFromBytes((news + " " + now).getBytes(StandardCharsets.UTF_8))
                .toString();
        // the schema asks for version 4 of the UUIDs
        String report = id.substring(0, 14) + '4' + id.substring(15);
        return """
                {"xarf_version": "4.0.0", "report_id": %s, "timestamp": %s,
                 "reporter": %s,
                 "sender": %s,
                 "source_identifier": %s, "category": "reputation", "type": "blocklist", "threat_type": "spam",
                 "evidence_source": "automated_filter", "description": %s}
                """.formatted(
                        Quoted.json(report),
                        Quoted.json(news.at().toString()),
                        contact,
                        contact,
                        Quoted.json(news.subject(false)),
                        Quoted.json(news.reason(settings.redact())));
    }
}
