package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.postbane.model.IpPrefix;
import org.postbane.parse.LogEvent;

/**
 * Keeps one failed login from counting twice. Dovecot's authentication server may tell of each attempt ({@code auth_verbose}),
 * and the program that the client spoke to (smtpd, imap-login) tells of it again, or of all of one connection at its end. What
 * the server told of counts at once and is set against what that program says of the same client within {@link #CREDIT}.
 *
 * <p>Threads: one. Memory: {@link #MOST} clients. Not kept over a restart: then an attempt may count twice.
 */
final class FailedLogins {

    /** Longer than a connection stays open without a login: Dovecot closes it after 3 min, smtpd after 5. */
    static final Duration CREDIT = Duration.ofMinutes(10);

    /** Clients remembered. */
    static final int MOST = 10_000;

    private final Map<IpPrefix, Told> told = new LinkedHashMap<>();

    private static final class Told {
        int attempts;
        Instant last;

        Told(Instant at) {
            last = at;
        }
    }

    /** How many of the attempts were not told of before: 0 or more. */
    int untold(LogEvent.AuthFailure event, IpPrefix client) {
        Told known = told.get(client);
        if (known != null && known.last.plus(CREDIT).isBefore(event.at())) {
            told.remove(client);
            known = null;
        }
        if (event.detail()) {
            if (known == null) {
                known = remember(client, event.at());
            }
            known.attempts += event.attempts();
            known.last = event.at();
            return event.attempts();
        }
        if (known == null) {
            return event.attempts();
        }
        int twice = Math.min(known.attempts, event.attempts());
        known.attempts -= twice;
        if (known.attempts == 0) {
            told.remove(client);
        }
        return event.attempts() - twice;
    }

    private Told remember(IpPrefix client, Instant at) {
        if (told.size() >= MOST) {
            Iterator<IpPrefix> oldest = told.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        Told fresh = new Told(at);
        told.put(client, fresh);
        return fresh;
    }
}
