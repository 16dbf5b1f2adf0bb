package org.postbane.act;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells people or programs of new bans and of their ends, in lots, so often and no more. Keeps nobody out. A ban that is prolonged is
 * no news.
 *
 * <p>Threads: one at a time. Memory: the bans in force, and a {@link Backlog}.
 * Errors: what did not arrive is tried again. Shortcomings: what is in force at the start is taken as told, so what waited for its time
 * or for the receiver when the agent crashed is not told (nor, if the receiver fails, when it is stopped); of a ban that comes and goes
 * while the receiver fails nothing may be told; a receiver that got a lot and did not say so gets it twice.
 */
public final class ReportAction implements Action {

    private static final Logger LOG = LoggerFactory.getLogger(ReportAction.class);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ReportSettings settings;
    private final InstantSource clock;
    private final Courier courier;
    private final Map<Subject, Ban> known = new HashMap<>();
    private final Backlog waiting = new Backlog();
    private boolean started;
    private boolean failed;
    private Instant next = Instant.MIN;

    /** @param clock the real time: for the pauses between reports */
    public ReportAction(ReportSettings settings, InstantSource clock) {
        this(settings, clock, PATIENCE);
    }

    /** @param patience a program, or a server, that takes longer has failed */
    ReportAction(ReportSettings settings, InstantSource clock, Duration patience) {
        this.settings = settings;
        this.clock = clock;
        if (settings.to() instanceof ReportSettings.Digest digest) {
            courier = new DigestMail(settings, digest, patience);
        } else if (settings.to() instanceof ReportSettings.Abuse abuse) {
            courier = new AbuseMail(settings, abuse, patience);
        } else if (settings.to() instanceof ReportSettings.Webhook webhook) {
            courier = new WebhookPost(settings, webhook, patience);
        } else {
            throw new AssertionError(settings.to());
        }
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public boolean takes(Ban ban) {
        return ban.subject() instanceof Subject.Client || !(settings.to() instanceof ReportSettings.Abuse);
    }

    /** After a failure the changes come as all bans in force. */
    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        Set<Subject> now = new HashSet<>();
        for (Ban ban : bans) {
            if (takes(ban)) {
                now.add(ban.subject());
                impose(ban);
            }
        }
        for (Ban ban : List.copyOf(known.values())) {
            if (!now.contains(ban.subject())) {
                lift(ban);
            }
        }
        started = true;
        bring();
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        for (Decision change : changes) {
            if (change instanceof Decision.Impose && takes(change.ban())) {
                impose(change.ban());
            } else {
                lift(change.ban());
            }
        }
        bring();
    }

    private void impose(Ban ban) {
        if (known.put(ban.subject(), ban) == null && started && ban.until().isAfter(clock.instant())) {
            add(new News(true, ban, ban.from()));
        }
    }

    private void lift(Ban ban) {
        Ban ended = known.remove(ban.subject());
        if (ended != null) {
            add(new News(false, ended, clock.instant()));
        }
    }

    private void add(News news) {
        if (settings.to() instanceof ReportSettings.Abuse && !news.imposed()) {
            return; // nobody's abuse desk asks for that
        }
        waiting.add(news);
    }

    private void bring() throws ActionException {
        Instant now = clock.instant();
        if (waiting.isEmpty() || now.isBefore(next)) {
            return;
        }
        failed = true;
        courier.bring(waiting, now);
        failed = false;
        next = now.plus(settings.every());
    }

    /** Nobody can change what was told; but what waits for its time is told by and by. */
    @Override
    public boolean isIntact() throws ActionException {
        bring();
        return true;
    }

    @Override
    public Duration look() {
        return Duration.ofSeconds(1);
    }

    /** A stop is no reason to keep back what was to wait, unless the last try failed. */
    @Override
    public void close() {
        try (courier) {
            if (!waiting.isEmpty() && !failed) {
                next = Instant.MIN;
                bring();
            }
        } catch (ActionException e) {
            LOG.warn("{} ({} reports are lost with the stop)", e.getMessage(), waiting.size());
        }
    }
}
