package org.postbane.act;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.host.Command;
import org.postbane.model.Subject;

/**
 * Keeps clients, senders or logins out by an access map that Postfix looks them up in. The map is made anew for each batch of
 * changes, which are gathered for a second.
 *
 * <p>Postfix sees a new index by itself, at the next connection; of text it takes notice after {@code postfix reload} only,
 * which needs root, costs Postfix its idle processes, and is therefore done every ten seconds at most.
 *
 * <p>Threads: one at a time. Memory: the bans in force, about 300 bytes each, and the text while it is written.
 *
 * <p>Errors: where the text cannot be written or postmap fails, the old map stays in force. Shortcomings: the map knows no
 * time; while the agent is stopped no ban ends in it.
 */
public final class PostfixMapAction implements Action {

    private static final Duration GATHER = Duration.ofSeconds(1);

    private final PostfixMapSettings settings;
    private final InstantSource clock;
    private final List<String> instance;
    private final Programs programs;
    private final WholeCopy inForce;
    private @Nullable PostfixMap map;
    private @Nullable MapType type;
    private String installed = "";
    private boolean reloadDue;

    /** @param clock the real time: ended bans are left out */
    public PostfixMapAction(PostfixMapSettings settings, InstantSource clock) {
        this(settings, clock, new Programs(settings.name(), PostfixMap.PATIENCE));
    }

    PostfixMapAction(PostfixMapSettings settings, InstantSource clock, Programs programs) {
        this.settings = settings;
        this.clock = clock;
        instance = settings.instance()
                .map(directory -> List.of("-c", directory.toString()))
                .orElse(List.of());
        this.programs = programs;
        inForce = new WholeCopy(settings.name(), this::takes);
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public boolean takes(Ban ban) {
        MapType likely =
                settings.type().orElse(MapType.HASH); // Postfix's own default is an index, and those have the same keys
        return !PostfixMap.keys(likely, settings.lookup(), ban.subject()).isEmpty();
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
        if (inForce.bans().isEmpty() && map == null && !isPostfixHere()) {
            return; // nobody to keep out, and nobody who looks
        }
        PostfixMap current = map();
        String text = PostfixMap.text(type(), settings.lookup(), settings.text(), inForce.bans(), clock.instant());
        if (!text.equals(installed) || !current.isIntact()) {
            installed = "";
            current.install(text);
            installed = text;
            reloadDue = reloads();
        }
        if (reloadDue) {
            reloadDue = !reload();
        }
    }

    /** Whether this is a machine with Postfix, or the map asks for none of its programs. */
    private boolean isPostfixHere() {
        return settings.type().map(known -> !known.isIndexed()).orElse(false)
                || Files.isExecutable(Path.of(Command.find("postmap")));
    }

    private boolean reloads() throws ActionException {
        return settings.reload() && !type().isIndexed();
    }

    /** False where Postfix does not run, or its configuration is at fault: it says the same of both. */
    private boolean reload() throws ActionException {
        List<String> status = postfix("status");
        Command.Result answer = programs.call(status, "");
        if (answer.status() == 1) {
            return false; // it reads the map when it starts
        }
        if (answer.status() != 0) {
            throw programs.failure(status, answer);
        }
        programs.run(postfix("reload"), "");
        return true;
    }

    private List<String> postfix(String verb) {
        List<String> command = new ArrayList<>(List.of(Command.find("postfix")));
        command.addAll(instance);
        command.add(verb);
        return command;
    }

    private PostfixMap map() throws ActionException {
        PostfixMap current = map;
        if (current == null) {
            current = new PostfixMap(settings.map(), type(), instance, programs);
            map = current;
        }
        return current;
    }

    private MapType type() throws ActionException {
        MapType known = type;
        if (known == null) {
            known = settings.type().isPresent() ? settings.type().get() : PostfixMap.standardType(instance, programs);
            type = known;
        }
        return known;
    }

    @Override
    public boolean isIntact() {
        return map == null || map.isIntact();
    }

    @Override
    public Optional<Boolean> holds(Subject subject) throws ActionException {
        return Optional.of(map().holds(settings.lookup(), subject));
    }

    @Override
    public Duration pause() {
        MapType known = type;
        return known != null && !known.isIndexed() && settings.reload() ? settings.reloadPause() : GATHER;
    }

    @Override
    public void close() {}
}
