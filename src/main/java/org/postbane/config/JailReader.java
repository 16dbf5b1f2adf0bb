package org.postbane.config;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.postbane.decide.Ban;
import org.postbane.decide.Sentencing;
import org.postbane.decide.Sentencing.Limit;
import org.postbane.decide.Sentencing.Term;
import org.postbane.score.OffenceKind;
import org.postbane.score.Weighing;
import org.postbane.score.Weighing.Direction;
import org.postbane.score.Weighing.Memory;
import org.postbane.score.Weighing.Who;

/**
 * Reads one section of {@code jails.conf} into what scoring and deciding want. Keys, units and defaults are listed in
 * {@code packaging/jails.conf} in the same words.
 *
 * <p>Of keys that exclude each other (threshold and maxretry; halflife, window and findtime) a jail may have one; one of its
 * own wins over an inherited one. Other keys that mean nothing where they stand (a bantime.min for a fixed bantime) are faults
 * in a jail, and are passed over where they are inherited.
 */
final class JailReader {

    /** All keys of a jail and of {@code [DEFAULT]}. */
    static final Set<String> KEYS = Set.of(
            "enabled",
            "subject",
            "direction",
            "weigh",
            "scale",
            "halflife",
            "window",
            "findtime",
            "threshold",
            "maxretry",
            "certainty",
            "bantime",
            "bantime.min",
            "bantime.max",
            "bantime.increment",
            "bantime.factor",
            "bantime.maxtime",
            "action");

    static final double SCALE = 20;
    static final Duration HALF_LIFE = Duration.ofDays(14);
    static final double THRESHOLD = 0.1;
    /** Where spam, virus or banned is judged by its severity; elsewhere off. */
    static final double CERTAINTY = 0.001;

    static final Duration MIN = Duration.ofMinutes(10);
    static final Duration MAX = Duration.ofDays(365);

    private static final Set<OffenceKind> OF_CONTENT = Set.of(OffenceKind.SPAM, OffenceKind.VIRUS, OffenceKind.BANNED);

    private final ActionReader actions;
    private final Faults faults;

    JailReader(ActionReader actions, Faults faults) {
        this.actions = actions;
        this.faults = faults;
    }

    /** A jail as configured. */
    record Jail(boolean enabled, Weighing weighing, Sentencing sentencing, List<ActionDefinition> actions) {}

    /** The values of a section, each right by itself. */
    private record Raw(
            Optional<Boolean> enabled,
            Optional<Who> subject,
            Optional<Direction> direction,
            Optional<Map<OffenceKind, Double>> weigh,
            Optional<Double> scale,
            Optional<Duration> halflife,
            Optional<Duration> window,
            Optional<Duration> findtime,
            Optional<Double> threshold,
            Optional<Double> maxretry,
            Optional<OptionalDouble> certainty,
            Optional<Optional<Duration>> bantime,
            Optional<Duration> min,
            Optional<Duration> max,
            Optional<Boolean> increment,
            Optional<Double> factor,
            Optional<Duration> maxtime,
            Optional<List<ActionCall>> action) {

        Raw(Section s) {
            this(
                    s.value("enabled", Values::truth),
                    s.value("subject", Values.oneOf(Who.class)),
                    s.value("direction", Values.oneOf(Direction.class)),
                    s.lines("weigh", Values::weights),
                    s.value("scale", Values::above0),
                    s.value("halflife", Durations::parse),
                    s.value("window", Durations::parse),
                    s.value("findtime", Durations::parse),
                    s.value("threshold", Values::between0And1),
                    s.value("maxretry", Values::above0),
                    s.value("certainty", JailReader::certainty),
                    s.value("bantime", JailReader::bantime),
                    s.value("bantime.min", Durations::parse),
                    s.value("bantime.max", Durations::parse),
                    s.value("bantime.increment", Values::truth),
                    s.value("bantime.factor", Values::above0),
                    s.value("bantime.maxtime", Durations::parseOrForever),
                    s.lines("action", ActionCall::parseAll));
        }
    }

    private static OptionalDouble certainty(String text) {
        if (text.equals("off")) {
            return OptionalDouble.empty();
        }
        try {
            return OptionalDouble.of(Values.between0And1(text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + ", nor off", e);
        }
    }

    /** Empty for {@code decay}. */
    private static Optional<Duration> bantime(String text) {
        return text.equals("decay") ? Optional.empty() : Optional.of(Durations.parseOrForever(text));
    }

    /** Notes the faults of {@code [DEFAULT]} that no jail would come upon, as each overrides the value. */
    void check(Section defaults) {
        defaults.refuseOthers(KEYS);
        new Raw(defaults.selfContained());
    }

    /** Empty if there are faults, which are then noted. */
    Optional<Jail> read(Section section) {
        int before = faults.count();
        checkName(section);
        section.refuseOthers(KEYS);
        if (section.entry("weigh").isEmpty()) {
            section.fault("weigh", "missing; expected e.g. spam, virus*5");
        }
        if (section.entry("action").isEmpty()) {
            section.fault("action", "missing; 'log' only writes to the log");
        }
        Raw raw = new Raw(section);
        boolean counts = chosen(section, "threshold", "maxretry").equals("maxretry");
        String forgets = chosen(section, "halflife", "window", "findtime");
        if (faults.count() == before) {
            checkTerm(section, raw); // what follows from a bad value helps nobody
        }
        Place caller = section.entry("action").map(Entry::place).orElse(section.place());
        List<ActionDefinition> definitions = raw.action().orElse(List.of()).stream()
                .flatMap(call -> actions.define(call, caller).stream())
                .toList();
        if (raw.enabled().orElse(true)) {
            definitions.forEach(definition -> actions.use(definition, caller));
        }
        if (faults.count() > before) {
            return Optional.empty();
        }
        Map<OffenceKind, Double> weights = raw.weigh().orElseThrow();
        Memory memory = forgets.equals("halflife")
                ? new Memory.HalfLife(raw.halflife().orElse(HALF_LIFE))
                : new Memory.Window(raw.window()
                        .filter(w -> forgets.equals("window"))
                        .or(raw::findtime)
                        .orElseThrow());
        Limit limit = counts
                ? new Limit.Count(raw.maxretry().orElseThrow())
                : new Limit.Severity(raw.threshold().orElse(THRESHOLD));
        boolean sure = !counts && weights.keySet().stream().anyMatch(OF_CONTENT::contains);
        OptionalDouble alpha = raw.certainty().orElse(sure ? OptionalDouble.of(CERTAINTY) : OptionalDouble.empty());
        Weighing weighing = new Weighing(
                section.name(),
                raw.subject().orElse(Who.CLIENT),
                raw.direction().orElse(Direction.ANY),
                weights,
                memory,
                raw.scale().orElse(SCALE),
                alpha.isPresent());
        List<String> names =
                definitions.stream().map(ActionDefinition::name).distinct().toList();
        Sentencing sentencing = new Sentencing(section.name(), limit, alpha, term(raw), names);
        return Optional.of(new Jail(raw.enabled().orElse(true), weighing, sentencing, definitions));
    }

    private void checkName(Section section) {
        String key = "[" + section.name() + "]";
        if (section.name().equals(Ban.MANUAL)) {
            faults.add(section.place(), key, "is the jail of bans made by hand and cannot be configured");
        }
        try {
            Values.name(section.name());
        } catch (IllegalArgumentException e) {
            faults.add(section.place(), key, String.valueOf(e.getMessage()));
        }
    }

    /** Which of keys that exclude each other holds; the first if there is none. */
    private static String chosen(Section section, String... keys) {
        List<String> own = Arrays.stream(keys).filter(section::owns).toList();
        List<String> all = Arrays.stream(keys)
                .filter(key -> section.entry(key).isPresent())
                .toList();
        List<String> rivals = own.isEmpty() ? all : own;
        if (rivals.size() > 1) {
            section.fault(
                    rivals.get(1),
                    own.isEmpty()
                            ? "[DEFAULT] has %s too; [%s] must say which of them holds"
                                    .formatted(rivals.get(0), section.name())
                            : "excludes %s, which [%s] has too".formatted(rivals.get(0), section.name()));
        }
        return rivals.isEmpty() ? keys[0] : rivals.get(0);
    }

    private static void checkTerm(Section section, Raw raw) {
        Optional<Duration> fixed = raw.bantime().orElse(Optional.empty());
        boolean increment = raw.increment().orElse(false);
        if (fixed.isPresent()) {
            refuseOwn(section, "bantime = decay", "bantime.min", "bantime.max");
        } else {
            refuseOwn(section, "a fixed bantime", "bantime.increment", "bantime.factor", "bantime.maxtime");
        }
        if (!increment) {
            refuseOwn(section, "bantime.increment = true", "bantime.factor", "bantime.maxtime");
        }
        if (fixed.isPresent() && fixed.get().equals(Sentencing.FOREVER)) {
            refuseOwn(section, "a bantime that ends", "bantime.increment");
        }
        Duration min = raw.min().orElse(MIN);
        if (fixed.isEmpty() && raw.max().orElse(MAX).compareTo(min) < 0) {
            section.fault(
                    section.entry("bantime.max").isPresent() ? "bantime.max" : "bantime.min",
                    "bantime.max is shorter than bantime.min");
        }
        if (increment
                && fixed.isPresent()
                && raw.maxtime().orElse(Sentencing.FOREVER).compareTo(fixed.get()) < 0) {
            section.fault("bantime.maxtime", "is shorter than bantime");
        }
    }

    private static void refuseOwn(Section section, String wanted, String... keys) {
        for (String key : keys) {
            if (section.owns(key)) {
                section.fault(key, "has a meaning only with " + wanted);
            }
        }
    }

    private static Term term(Raw raw) {
        Optional<Duration> fixed = raw.bantime().orElse(Optional.empty());
        if (fixed.isEmpty()) {
            return new Term.Decay(raw.min().orElse(MIN), raw.max().orElse(MAX));
        }
        boolean increment = raw.increment().orElse(false) && !fixed.get().equals(Sentencing.FOREVER);
        return increment
                ? new Term.Fixed(
                        fixed.get(),
                        true,
                        raw.factor().orElse(1.0),
                        raw.maxtime().orElse(Sentencing.FOREVER))
                : new Term.Fixed(fixed.get(), false, 1, Sentencing.FOREVER);
    }
}
