package org.postbane.act;

import java.time.Duration;
import java.time.Instant;

/** A mail to the administrator with all that is new, one line each. */
final class DigestMail implements Courier {

    private static final int MOST_LINES = 1000;

    private final ReportSettings settings;
    private final ReportSettings.Digest way;
    private final Sendmail sendmail;

    DigestMail(ReportSettings settings, ReportSettings.Digest way, Duration patience) {
        this.settings = settings;
        this.way = way;
        sendmail = new Sendmail(settings.name(), way.sendmail(), patience);
    }

    @Override
    public void bring(Backlog waiting, Instant now) throws ActionException {
        StringBuilder body = new StringBuilder();
        waiting.oldest(MOST_LINES)
                .forEach(news -> body.append(news.line(settings.redact())).append('\n'));
        long more = waiting.dropped() + Math.max(0, waiting.size() - MOST_LINES);
        if (more > 0) {
            body.append("... and ").append(more).append(" more; postbane list shows what is in force\n");
        }
        long bans = waiting.all().stream().filter(News::imposed).count();
        String subject = "Postbane: %d new bans, %d ended".formatted(bans, waiting.size() - bans);
        sendmail.send(way.from(), way.to(), subject, "text/plain; charset=us-ascii", body.toString());
        waiting.arrived(waiting.size());
    }
}
