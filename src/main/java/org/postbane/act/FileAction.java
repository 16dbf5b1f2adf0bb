package org.postbane.act;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;

/**
 * Keeps a file for other programs equal to the bans in force ({@link Feed}). It is made anew for each batch of changes, which are
 * gathered for a second, and at each reconcile.
 *
 * <p>Threads: one at a time. Memory: the bans in force, and the text while it is written. Errors: where it cannot be written, the old
 * file stays. Shortcomings: most formats know no time; while the agent is stopped no ban ends in them, but a DNS list expires whole.
 */
public final class FileAction implements Action {

    private static final Duration GATHER = Duration.ofSeconds(1);

    private final FileSettings settings;
    private final Collection<Subject> allowed;
    private final InstantSource clock;
    private final WholeCopy inForce;
    private @Nullable FileStamp left;

    /**
     * @param allowed who is never banned
     * @param clock the real time: ended bans are left out
     */
    public FileAction(FileSettings settings, Collection<Subject> allowed, InstantSource clock) {
        this.settings = settings;
        this.allowed = List.copyOf(allowed);
        this.clock = clock;
        inForce = new WholeCopy(settings.name(), this::takes);
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public boolean takes(Ban ban) {
        return settings.takes().contains(SubjectKind.of(ban.subject()));
    }

    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        inForce.replace(bans);
        write();
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        if (inForce.apply(changes)) {
            write();
        }
    }

    private void write() throws ActionException {
        try {
            Feed.write(settings.path(), settings.feed().text(inForce.bans(), allowed, clock.instant()));
            left = FileStamp.of(settings.path());
        } catch (IOException e) {
            throw new ActionException(
                    "%s: %s: %s".formatted(settings.name(), settings.path(), ActionException.why(e)), e);
        }
    }

    @Override
    public boolean isIntact() {
        try {
            return left == null || left.equals(FileStamp.of(settings.path()));
        } catch (IOException e) {
            return false; // most likely it is gone
        }
    }

    @Override
    public Optional<Boolean> holds(Subject subject) throws ActionException {
        String mark = settings.feed().mark(subject);
        try {
            return Optional.of(!mark.isEmpty() && ("\n" + Files.readString(settings.path())).contains(mark));
        } catch (IOException e) {
            throw new ActionException(
                    "%s: %s: %s".formatted(settings.name(), settings.path(), ActionException.why(e)), e);
        }
    }

    @Override
    public Duration pause() {
        return GATHER;
    }

    @Override
    public void close() {}
}
