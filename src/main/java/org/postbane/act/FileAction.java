package org.postbane.act;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postbane.act.CommandSettings.Kind;
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
    private final Map<Subject, Ban> inForce = new HashMap<>();
    private @Nullable String left;
    private boolean reconciled;

    /**
     * @param allowed who is never banned
     * @param clock the real time: ended bans are left out
     */
    public FileAction(FileSettings settings, Collection<Subject> allowed, InstantSource clock) {
        this.settings = settings;
        this.allowed = List.copyOf(allowed);
        this.clock = clock;
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public boolean takes(Ban ban) {
        Kind kind = ban.subject() instanceof Subject.Client
                ? Kind.CLIENT
                : ban.subject() instanceof Subject.Account ? Kind.ACCOUNT : Kind.SENDER;
        return settings.takes().contains(kind);
    }

    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        inForce.clear();
        bans.stream().filter(this::takes).forEach(ban -> inForce.put(ban.subject(), ban));
        reconciled = true;
        write();
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        if (!reconciled) {
            throw new ActionException(settings.name() + ": the file can only be made of all bans");
        }
        boolean changed = false;
        for (Decision change : changes) {
            Ban ban = change.ban();
            if (change instanceof Decision.Impose && takes(ban)) {
                inForce.put(ban.subject(), ban);
                changed = true;
            } else {
                changed |= inForce.remove(ban.subject()) != null;
            }
        }
        if (changed) {
            write();
        }
    }

    private void write() throws ActionException {
        try {
            Feed.write(settings.path(), settings.feed().text(inForce.values(), allowed, clock.instant()));
            left = stamp(settings.path());
        } catch (IOException e) {
            throw new ActionException("%s: %s: %s".formatted(settings.name(), settings.path(), Feed.reason(e)), e);
        }
    }

    /** Any change of the file changes this. */
    private static String stamp(Path file) throws IOException {
        BasicFileAttributes a = Files.readAttributes(file, BasicFileAttributes.class);
        return a.size() + " " + a.lastModifiedTime() + " " + a.fileKey();
    }

    @Override
    public boolean isIntact() {
        try {
            return left == null || left.equals(stamp(settings.path()));
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
            throw new ActionException("%s: %s: %s".formatted(settings.name(), settings.path(), Feed.reason(e)), e);
        }
    }

    @Override
    public Duration pause() {
        return GATHER;
    }

    @Override
    public void close() {}
}
