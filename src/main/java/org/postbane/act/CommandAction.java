package org.postbane.act;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.host.Command;
import org.postbane.model.Subject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls programs of the administrator: once for many bans, each as a line on standard input, or once for each. No shell reads
 * the arguments. What a program prints goes into the agent's log.
 *
 * <p>Threads: one at a time. Memory: the bans in force. Errors: an exit status other than 0, and a program that was killed as it
 * took too long, are failures; all bans are told again then.
 *
 * <p>Shortcomings: without a {@code reconcile} program nobody can know what else the place holds: then a reconcile tells
 * the unban of what this object had banned and is no longer in force, and the ban of all that is; what ended while no agent ran
 * comes as a change. Programs must take being told twice. The place is never looked at.
 */
public final class CommandAction implements Action {

    private static final Logger LOG = LoggerFactory.getLogger(CommandAction.class);
    private static final Pattern TAG = Pattern.compile("<([a-z]+)>");
    private static final int MOST_LINES = 50;

    private final CommandSettings settings;
    private final InstantSource clock;
    private final Map<Subject, Ban> held = new LinkedHashMap<>();

    /** @param clock the real time: ended bans are left out */
    public CommandAction(CommandSettings settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
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
    public boolean isExact() {
        return !settings.reconcile().isEmpty();
    }

    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        Instant now = clock.instant();
        Map<Subject, Ban> wanted = new LinkedHashMap<>();
        bans.stream()
                .filter(ban -> takes(ban) && ban.until().isAfter(now))
                .forEach(ban -> wanted.put(ban.subject(), ban));
        if (settings.reconcile().isEmpty()) {
            Map<Subject, Ban> over = new LinkedHashMap<>(held);
            over.keySet().removeAll(wanted.keySet());
            change(over, wanted, now);
        } else {
            call(settings.reconcile(), lines(wanted.values(), now));
            held.clear();
            held.putAll(wanted);
        }
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        Instant now = clock.instant();
        Outcome<Subject> outcome = Outcome.of(changes, this::takes, Ban::subject, now);
        change(outcome.lifted(), outcome.imposed(), now);
    }

    /** What fails is told again by the next reconcile. An unban that fails, perhaps for ever, keeps nobody from being banned. */
    private void change(Map<Subject, Ban> over, Map<Subject, Ban> wanted, Instant now) throws ActionException {
        over.forEach(held::putIfAbsent);
        held.putAll(wanted); // before the call: if it fails half-way some are banned, and are to be unbanned one day
        tell(settings.ban(), wanted.values(), now);
        tell(settings.unban(), over.values(), now);
        held.keySet().removeAll(over.keySet());
    }

    private void tell(List<String> command, Collection<Ban> bans, Instant now) throws ActionException {
        if (command.isEmpty() || bans.isEmpty()) {
            return;
        }
        if (settings.batches()) {
            call(command, lines(bans, now));
            return;
        }
        for (Ban ban : bans) {
            List<String> words = new ArrayList<>();
            command.forEach(word -> words.add(filled(word, ban, now)));
            call(words, "");
        }
    }

    private String lines(Collection<Ban> bans, Instant now) {
        return bans.stream()
                .map(ban -> filled(settings.line(), ban, now) + "\n")
                .collect(Collectors.joining());
    }

    private static String filled(String template, Ban ban, Instant now) {
        Map<String, Function<Ban, String>> tags = Map.of(
                "subject", b -> b.subject().toString(),
                "jail", Ban::jail,
                "until", b -> b.isPermanent() ? "never" : b.until().toString(),
                "seconds",
                        b -> b.isPermanent()
                                ? "-1"
                                : String.valueOf(Math.max(
                                        1,
                                        Duration.between(now, b.until())
                                                .plusNanos(999_999_999)
                                                .toSeconds())),
                "reason", b -> b.reason().replaceAll("\\p{Cntrl}", " "));
        // in one pass: what is filled in is not looked at again
        return TAG.matcher(template)
                .replaceAll(tag -> Matcher.quoteReplacement(Objects.requireNonNull(tags.get(tag.group(1)), tag.group())
                        .apply(ban)));
    }

    private void call(List<String> command, String input) throws ActionException {
        Command.Result result;
        try {
            result = Command.runGroup(command, input.getBytes(StandardCharsets.UTF_8), settings.timeout());
        } catch (IOException e) {
            throw new ActionException(
                    "%s: %s".formatted(settings.name(), Programs.brief(String.valueOf(e.getMessage()))), e);
        }
        (result.out() + "\n" + result.err())
                .lines()
                .filter(line -> !line.isBlank())
                .limit(MOST_LINES)
                .forEach(line -> LOG.info("{}: {}", settings.name(), Programs.brief(line)));
        if (result.status() != 0) {
            throw new Programs(settings.name(), settings.timeout()).failure(command, result);
        }
    }

    @Override
    public void close() {}
}
