package org.postbane.act;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dry run: writes one line into the agent's own log for each change and keeps nobody out. Holds any subject. {@code
 * ban 203.0.113.7 for 24h: severity 0.451 (limit 0.1)} and {@code unban 203.0.113.7: expired}.
 *
 * <p>Threads: one at a time. Memory: the bans in force, so that a line is written once. Never fails. What stands in the
 * log is not read back: after a restart the bans in force are told as one number, and each of them at debug only.
 */
public final class LogAction implements Action {

    private static final Logger LOG = LoggerFactory.getLogger(LogAction.class);

    private final String name;
    private final Map<Subject, Ban> inForce = new HashMap<>();
    private boolean started;

    public LogAction(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean takes(Ban ban) {
        return true;
    }

    @Override
    public void reconcile(Collection<Ban> bans) {
        Map<Subject, Ban> wanted = new HashMap<>();
        bans.forEach(ban -> wanted.put(ban.subject(), ban));
        if (!started) {
            started = true;
            LOG.info("{}: {} bans in force", name, wanted.size());
            wanted.values().forEach(ban -> LOG.debug("{}", line(ban)));
            inForce.putAll(wanted);
            return;
        }
        List.copyOf(inForce.values()).stream()
                .filter(ban -> !wanted.containsKey(ban.subject()))
                .forEach(ban -> lift(ban, "no longer in force"));
        wanted.values().forEach(this::impose);
    }

    @Override
    public void apply(List<Decision> changes) {
        for (Decision change : changes) {
            if (change instanceof Decision.Lift over) {
                lift(over.ban(), cause(over.cause()));
            } else {
                impose(change.ban());
            }
        }
    }

    private void impose(Ban ban) {
        Ban before = inForce.put(ban.subject(), ban);
        if (before == null) {
            LOG.info("{}", line(ban));
        } else if (!before.equals(ban)) {
            LOG.debug("changed: {}", line(ban)); // a spammer that goes on would fill the log
        }
    }

    private void lift(Ban ban, String cause) {
        if (inForce.remove(ban.subject()) != null) {
            LOG.info("unban {}: {}", ban.subject(), cause);
        }
    }

    private static String cause(Decision.Cause cause) {
        return switch (cause) {
            case EXPIRED -> "expired";
            case OPERATOR -> "by hand";
            case ALLOWED -> "on the allow list";
        };
    }

    private static String line(Ban ban) {
        String term = ban.isPermanent() ? "ever" : term(Duration.between(ban.from(), ban.until()));
        return "ban %s for %s: %s".formatted(ban.subject(), term, ban.reason().replaceAll("\\p{Cntrl}", "?"));
    }

    /** The two largest units that are not zero, hours up to two days: {@code 24h}, {@code 13d5h}, {@code 90s} as {@code 1m30s}. */
    static String term(Duration length) {
        long days = length.toHours() < 48 ? 0 : length.toDays();
        long[] counts = {
            days, days > 0 ? length.toHoursPart() : length.toHours(), length.toMinutesPart(), length.toSecondsPart()
        };
        String units = "dhms";
        StringBuilder text = new StringBuilder();
        int parts = 0;
        for (int i = 0; i < counts.length && parts < 2; i++) {
            if (counts[i] > 0) {
                text.append(counts[i]).append(units.charAt(i));
                parts++;
            } else if (parts > 0) {
                parts = 2; // 13d and some minutes are 13d
            }
        }
        return text.isEmpty() ? "less than 1s" : text.toString();
    }

    @Override
    public void close() {}
}
