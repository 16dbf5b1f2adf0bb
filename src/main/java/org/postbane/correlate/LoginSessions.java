package org.postbane.correlate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.parse.LogEvent;
import org.postbane.parse.Program;

/**
 * Logins that failed in sessions with Dovecot that are not over. Its login processes tell how many attempts there were when a
 * session ends without a login; of those before a login tells the authentication server alone ({@code auth_verbose}), by
 * one line of each password database that refused one. So an attempt that succeeds with the second database has a line of the
 * first, too, and one that the client broke off has none, though it is among the attempts. Counted are:
 *
 * <ul>
 *   <li>before a login, one less than the lines of the database that has the fewest, as each attempt that failed was refused by all of
 *       them, and the one that succeeded perhaps by the first;
 *   <li>in a session without a login, no more attempts than its lines can be of; and where Dovecot only tells that the last one was
 *       broken off, as before a login.
 * </ul>
 *
 * <p>Both only when a session of one attempt, which failed, has shown how many lines that makes. A client can see to it that a
 * database has no line of his attempts (an empty password, a mechanism that it cannot do), so no session shows that there are
 * fewer databases than another showed. What the mechanism itself refused has a line that no other attempt has.
 *
 * <p>Memory: {@value #MOST} sessions; the oldest go where there are too many. {@value #MOST_HOSTS} hosts; of more, it is not known what makes
 * an attempt. Errors: lines that are lost make fewer failures.
 */
final class LoginSessions extends Remembered {

    private static final int MOST = 1000;
    private static final int MOST_LINES = 200;
    /** Who may write into the log can name any. */
    private static final int MOST_HOSTS = 100;

    private static final int MOST_DATABASES = 20;
    /** In seconds; Dovecot ends a session without a login after three minutes ({@code CLIENT_LOGIN_TIMEOUT_MSECS}). */
    private static final int LONGEST = 600;

    /** {@code src/auth/mech-*.c}; what else stands before a login and its address is a database. */
    private static final Set<String> MECHANISMS = Set.of(
            "anonymous",
            "apop",
            "cram-md5",
            "digest-md5",
            "external",
            "gss-spnego",
            "gssapi",
            "login",
            "ntlm",
            "oauthbearer",
            "otp",
            "plain",
            "rpa",
            "scram-sha-1",
            "scram-sha-256",
            "skey",
            "winbind",
            "xoauth2");

    /** @param second of the line's stamp, since 1970 */
    private record Refusal(String database, long second) {}

    /** By host, session and client, in order of their first lines. */
    private final Map<String, List<Refusal>> sessions = new LinkedHashMap<>();
    /** By host and database: how many lines it has of one attempt, 0 while no session has shown that. */
    private final Map<String, Map<String, Integer>> databases = new HashMap<>();

    /** The authentication server's line: a database refused an attempt, or the mechanism did. */
    void refused(LogEvent.AuthFailure event, @Nullable IpPrefix client) {
        if (event.session() == null) {
            return; // of Postfix's, which tells of each attempt
        }
        long second = event.at().getEpochSecond();
        List<Refusal> lines =
                sessions.computeIfAbsent(key(event.by(), event.session(), client), key -> new ArrayList<>(4));
        if (lines.size() < MOST_LINES) {
            lines.add(new Refusal(event.mechanism(), second));
        }
        Map<String, Integer> each = of(event.by());
        if (!MECHANISMS.contains(event.mechanism()) && each.size() < MOST_DATABASES) {
            each.putIfAbsent(event.mechanism(), 0);
        }
        Iterator<List<Refusal>> oldest = sessions.values().iterator();
        while (oldest.hasNext() && (oldest.next().get(0).second() < second - LONGEST || sessions.size() > MOST)) {
            oldest.remove();
        }
        changed = true;
    }

    /** How many attempts failed of a session that is over without a login. */
    int failed(LogEvent.AuthFailure event, @Nullable IpPrefix client) {
        List<Refusal> lines = take(event.by(), event.session(), client);
        if (lines.isEmpty()) {
            return event.attempts();
        }
        Map<String, Integer> counts = count(lines);
        int byMechanism = byMechanism(lines);
        if (event.attempts() == 1 && byMechanism == 0) {
            learn(event.by(), counts);
        }
        Map<String, Integer> each = of(event.by());
        int most = 0;
        for (Map.Entry<String, Integer> one : counts.entrySet()) {
            int ofAttempt = Math.max(1, each.getOrDefault(one.getKey(), 1));
            most = Math.max(most, (one.getValue() + ofAttempt - 1) / ofAttempt);
        }
        return isKnown(each) ? Math.min(event.attempts(), most + byMechanism) : event.attempts();
    }

    private void learn(Program by, Map<String, Integer> counts) {
        Map<String, Integer> each = of(by);
        counts.forEach((database, count) -> each.computeIfPresent(database, (known, most) -> Math.max(most, count)));
    }

    /** How many attempts of the session failed, at least, before its last one: a login, or one that the client broke off. */
    int failedBefore(Program by, @Nullable String session, @Nullable IpPrefix client) {
        return least(by, take(by, session, client));
    }

    private int least(Program by, List<Refusal> lines) {
        Map<String, Integer> each = of(by);
        if (lines.isEmpty() || !isKnown(each)) {
            return 0;
        }
        Map<String, Integer> counts = count(lines);
        int least = Integer.MAX_VALUE;
        for (Map.Entry<String, Integer> one : each.entrySet()) {
            least = Math.min(least, counts.getOrDefault(one.getKey(), 0) / Math.max(1, one.getValue()));
        }
        return Math.max(0, least - 1) + byMechanism(lines);
    }

    private List<Refusal> take(Program by, @Nullable String session, @Nullable IpPrefix client) {
        List<Refusal> lines = session == null ? null : sessions.remove(key(by, session, client));
        changed |= lines != null;
        return lines == null ? List.of() : lines;
    }

    private static String key(Program by, String session, @Nullable IpPrefix client) {
        return by.host() + " " + session + " " + client;
    }

    private Map<String, Integer> of(Program by) {
        Map<String, Integer> each = databases.get(by.host());
        if (each == null) {
            each = new HashMap<>();
            if (databases.size() < MOST_HOSTS) {
                databases.put(by.host(), each);
            }
        }
        return each;
    }

    private static boolean isKnown(Map<String, Integer> each) {
        return each.values().stream().anyMatch(lines -> lines > 0);
    }

    private static int byMechanism(List<Refusal> lines) {
        return (int) lines.stream()
                .filter(line -> MECHANISMS.contains(line.database()))
                .count();
    }

    /** By database. */
    private static Map<String, Integer> count(List<Refusal> lines) {
        Map<String, Integer> counts = new HashMap<>();
        for (Refusal line : lines) {
            if (!MECHANISMS.contains(line.database())) {
                counts.merge(line.database(), 1, Integer::sum);
            }
        }
        return counts;
    }

    byte[] toRow() {
        RowWriter row = new RowWriter();
        row.number(sessions.size());
        sessions.forEach((key, lines) -> {
            row.text(key);
            row.number(lines.size());
            lines.forEach(line -> {
                row.text(line.database());
                row.number(line.second());
            });
        });
        write(row, databases);
        return row.toBytes();
    }

    private static void write(RowWriter row, Map<String, Map<String, Integer>> byHost) {
        row.number(byHost.size());
        byHost.forEach((host, each) -> {
            row.text(host);
            row.number(each.size());
            each.forEach((database, lines) -> {
                row.text(database);
                row.number(lines);
            });
        });
    }

    void restore(RowReader row) {
        for (long left = row.number(); left > 0; left--) {
            List<Refusal> lines = new ArrayList<>(4);
            sessions.put(row.someText(), lines);
            for (long more = row.number(); more > 0; more--) {
                lines.add(new Refusal(row.someText(), row.number()));
            }
        }
        read(row, databases);
    }

    private static void read(RowReader row, Map<String, Map<String, Integer>> byHost) {
        for (long left = row.number(); left > 0; left--) {
            Map<String, Integer> each = new HashMap<>();
            byHost.put(row.someText(), each);
            for (long more = row.number(); more > 0; more--) {
                each.put(row.someText(), (int) row.number());
            }
        }
    }
}
