package org.postbane.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.config.JailReader.Jail;
import org.postbane.correlate.Traps;
import org.postbane.host.DatabaseSettings;
import org.postbane.model.PrefixSet;
import org.postbane.model.Subject;
import org.postbane.parse.MailFilter;
import org.postbane.record.RecordSettings;
import org.postbane.record.RecordStatement;
import org.postbane.record.SqlSettings;
import org.postbane.source.Input;
import org.postbane.source.SourceSettings;

/**
 * Reads the configuration: {@code postbane.conf} and {@code jails.conf}, {@code .local} beside either, then {@code
 * conf.d/*.conf} in the order of their names, each laid over what came before, key by key; and the filters and actions that
 * these name. A file that the directory does not have is taken from the jar.
 *
 * <p>One reading is one instance. Shortcomings: a later file can change a section, not take it away ({@code enabled = false}
 * does for a jail); all sources share one filter.
 */
public final class ConfigReader {

    /** Read where no directory is named; the built-in defaults where there is none. */
    public static final Path STANDARD = Path.of("/etc/postbane");

    private static final Set<String> AGENT = Set.of("socket", "relays");
    private static final Set<String> STORE = Set.of("url", "retention");
    private static final Set<String> SOURCE =
            Set.of("path", "filter", "zone", "journal", "listen", "senders", "trust", "silent");
    private static final Set<String> TRAPS = Set.of("file", "addresses");
    private static final Set<String> ALLOW = Set.of("networks", "file");
    private static final Set<String> RECORD = Set.of(
            "log", "file", "url", "user", "password", "password.file", "drivers", "query", "statistics", "outbox");
    private static final String SOURCE_PREFIX = "source";

    /** Keys by section, of {@code postbane.conf}; {@code source} for all sections {@code [source NAME]}. */
    static final Map<String, Set<String>> KEYS = Map.of(
            "agent", AGENT, "store", STORE, SOURCE_PREFIX, SOURCE, "traps", TRAPS, "allow", ALLOW, "record", RECORD);

    private static final Path SOCKET = Path.of("/run/postbane/postbane.sock");
    private static final String URL = "jdbc:h2:file:/var/lib/postbane/state";
    private static final Duration SILENT = Duration.ofHours(6);
    private static final Duration RETENTION = Duration.ofDays(90);
    private static final String FILTER = "mail";

    private final Faults faults = new Faults();
    private final ConfigFolder folder;

    private ConfigReader(@Nullable Path directory) {
        folder = new ConfigFolder(directory, faults);
    }

    /**
     * Reads a directory.
     *
     * @param directory the one that was asked for, which must exist; empty for {@link #STANDARD} or, where that does not
     *     exist, the built-in defaults
     * @throws ConfigException with all faults
     */
    public static Configuration read(Optional<Path> directory) throws ConfigException {
        Path wanted = directory.orElse(STANDARD);
        if (Files.isDirectory(wanted)) {
            return new ConfigReader(wanted).read();
        }
        if (directory.isPresent() || Files.exists(wanted)) {
            throw new ConfigException(List.of(wanted + ": no such directory"));
        }
        return builtIn();
    }

    /** The built-in defaults, whatever configuration lies on disk. Only the files of traps and allowed subjects that they name
     * are read, where they exist. */
    public static Configuration builtIn() throws ConfigException {
        return new ConfigReader(null).read();
    }

    private Configuration read() throws ConfigException {
        folder.refuseStrangers();
        List<IniFile.Part> agentParts = parts(folder.layers("postbane"));
        List<IniFile.Part> jailParts = parts(folder.layers("jails"));
        for (IniFile.Part part : parts(folder.fragments())) {
            (isAgents(part.name()) ? agentParts : jailParts).add(part);
        }
        Map<String, Section> agent = Section.merge(agentParts, faults);
        agent.values().forEach(this::checkKeys);
        List<Jail> jails = jails(Section.merge(jailParts, faults));

        Section head = section(agent, "agent");
        Section store = section(agent, "store");
        List<Section> sourceSections = agent.values().stream()
                .filter(section -> isSource(section.name()))
                .toList();
        Path socket = head.value("socket", Values::absolutePath).orElse(SOCKET);
        String url = store.value("url", Values::storeUrl).orElse(URL);
        Duration retention = store.value("retention", Durations::parse).orElse(RETENTION);
        List<SourceSettings> sources = sources(sourceSections);
        Traps traps = traps(section(agent, "traps"));
        List<Subject> allow = allow(section(agent, "allow"));
        PrefixSet relays = new PrefixSet(head.value("relays", Values::networks).orElse(List.of()).stream()
                .map(subject -> ((Subject.Client) subject).prefix())
                .toList());
        Optional<MailFilter> filter = filter(sourceSections);
        Section recordSection = section(agent, "record");
        RecordSettings record = new RecordSettings(
                recordSection.value("log", Values::truth).orElse(false),
                recordSection.value("file", Values::absolutePath),
                sqlRecords(recordSection));
        faults.throwIfAny();

        List<Jail> enabled = jails.stream().filter(Jail::enabled).toList();
        Map<String, ActionDefinition> actions = new LinkedHashMap<>();
        enabled.forEach(jail -> jail.actions().forEach(action -> actions.put(action.name(), action)));
        return new Configuration(
                socket,
                url,
                retention,
                sources,
                traps,
                allow,
                relays,
                enabled.stream().map(Jail::weighing).toList(),
                enabled.stream().map(Jail::sentencing).toList(),
                actions,
                filter.orElseThrow(),
                record,
                folder.read());
    }

    private static List<IniFile.Part> parts(List<IniFile> files) {
        List<IniFile.Part> parts = new ArrayList<>();
        files.forEach(file -> parts.addAll(file.sections()));
        return parts;
    }

    /** Whether a section of {@code conf.d} belongs to {@code postbane.conf}; the others are jails. */
    private static boolean isAgents(String name) {
        return isSource(name) || KEYS.containsKey(name);
    }

    private static boolean isSource(String name) {
        return name.equals(SOURCE_PREFIX) || name.startsWith(SOURCE_PREFIX + " ");
    }

    private void checkKeys(Section section) {
        Set<String> known = isSource(section.name()) ? SOURCE : KEYS.get(section.name());
        if (known == null) {
            faults.add(
                    section.place(),
                    "[" + section.name() + "]",
                    "unknown section; expected [agent], [store], [source NAME], [traps], [allow], [record]");
        } else {
            section.refuseOthers(known);
        }
    }

    private Section section(Map<String, Section> sections, String name) {
        return sections.getOrDefault(name, new Section(name, new Place("postbane.conf", 0, true), null, faults));
    }

    private List<Jail> jails(Map<String, Section> sections) {
        JailReader reader = new JailReader(new ActionReader(folder, faults), faults);
        List<Jail> jails = new ArrayList<>();
        for (Section section : sections.values()) {
            if (section.name().equals(Section.DEFAULT)) {
                reader.check(section);
            } else if (isAgents(section.name())) {
                faults.add(section.place(), "[" + section.name() + "]", "belongs into postbane.conf");
            } else {
                reader.read(section).ifPresent(jails::add);
            }
        }
        return jails;
    }

    private List<SourceSettings> sources(List<Section> sections) {
        List<SourceSettings> sources = new ArrayList<>();
        List<Reader> readers = new ArrayList<>();
        for (Section section : sections) {
            Optional<String> name = sourceName(section);
            Optional<Input> input = InputReader.read(section);
            ZoneId zone = section.value("zone", Values::zone).orElse(ZoneId.systemDefault());
            Optional<Duration> silent =
                    section.value("silent", Values::timeOrOff).orElse(Optional.of(SILENT));
            if (input.isPresent()) {
                refuseSecond(input.get(), section, readers);
                readers.add(new Reader(input.get(), section.name()));
            }
            if (name.isPresent() && input.isPresent()) {
                sources.add(new SourceSettings(name.get(), input.get(), zone, silent));
            }
        }
        return sources;
    }

    private record Reader(Input input, String section) {}

    private static void refuseSecond(Input input, Section section, List<Reader> others) {
        for (Reader other : others) {
            if (InputReader.overlap(input, other.input)) {
                section.fault(
                        InputReader.key(section),
                        "is read by [%s] already; its lines would count twice".formatted(other.section));
                return;
            }
        }
    }

    private Optional<String> sourceName(Section section) {
        try {
            return Optional.of(
                    Values.name(section.name().substring(SOURCE_PREFIX.length()).strip()));
        } catch (IllegalArgumentException e) {
            faults.add(section.place(), "[" + section.name() + "]", e.getMessage() + "; expected [source NAME]");
            return Optional.empty();
        }
    }

    private Traps traps(Section section) {
        Traps.Builder traps = new Traps.Builder();
        section.lines("addresses", text -> {
            // not at commas within: an expression may hold them
            for (String entry : text.split(",?\\s+", -1)) {
                if (!entry.isEmpty()) {
                    traps.add(entry);
                }
            }
            return traps;
        });
        existing(section).ifPresent(path -> TrapFile.read(path, traps, faults));
        return traps.build();
    }

    private List<Subject> allow(Section section) {
        List<Subject> allow =
                new ArrayList<>(section.lines("networks", Values::networks).orElse(List.of()));
        existing(section)
                .flatMap(path -> TextFile.read(path, TrapFile.MAX_BYTES, faults))
                .ifPresent(text -> text.forEachEntry(entry -> allow.add(Subject.parse(entry)), faults));
        return allow;
    }

    /**
     * The path under {@code file}, to be read. One that is named by the built-in defaults alone need not exist; any other
     * must, and the key that names it is at fault if it does not.
     */
    private static Optional<Path> existing(Section section) {
        Optional<Path> path = section.value("file", Values::absolutePath);
        if (path.isEmpty() || !Files.notExists(path.get())) {
            return path;
        }
        boolean builtIn =
                section.entry("file").map(entry -> entry.place().builtIn()).orElse(false);
        if (!builtIn) {
            section.fault("file", "there is no file " + path.get());
        }
        return Optional.empty();
    }

    private static Optional<SqlSettings> sqlRecords(Section section) {
        Optional<String> url = section.value("url", DatabaseSettings::url);
        String user = section.value("user", text -> text).orElse("");
        String password = section.value("password", text -> text).orElse("");
        Optional<Path> passwordFile = section.value("password.file", Values::absolutePath);
        List<Path> drivers =
                section.value("drivers", Values::paths).orElseGet(() -> Values.paths(DatabaseSettings.DRIVERS));
        Optional<RecordStatement> query = section.lines("query", RecordStatement::parse);
        Optional<RecordStatement> statistics = section.lines("statistics", RecordStatement::parse);
        int outbox = section.value("outbox", text -> Values.number(text, 1, 10_000_000))
                .orElse(100_000);
        boolean isWanted = section.entry("query").isPresent()
                || section.entry("statistics").isPresent();
        if (section.entry("url").isPresent() != isWanted) {
            section.fault(
                    isWanted ? "query" : "url",
                    isWanted ? "goes to no database: url is missing" : "has neither query nor statistics");
        }
        return url.isEmpty() || query.isEmpty() && statistics.isEmpty()
                ? Optional.empty()
                : Optional.of(new SqlSettings(
                        new DatabaseSettings(url.get(), user, password, passwordFile, drivers),
                        query,
                        statistics,
                        outbox));
    }

    private Optional<MailFilter> filter(List<Section> sections) {
        List<String> names = List.of(FILTER);
        Place place = new Place("postbane.conf", 0, true);
        @Nullable String namedBy = null;
        for (Section section : sections) {
            List<String> wanted = section.value(
                            "filter",
                            text -> Values.words(text).stream()
                                    .map(Values::name)
                                    .toList())
                    .orElse(List.of(FILTER));
            if (namedBy != null && !wanted.equals(names)) {
                section.fault(
                        "filter",
                        "differs from '%s' of [%s]; all sources share one filter"
                                .formatted(String.join(" ", names), namedBy));
            }
            if (namedBy == null) {
                names = wanted;
                namedBy = section.name();
                place = section.entry("filter").map(Entry::place).orElse(section.place());
            }
        }
        return new FilterReader(folder, faults).read(names, place);
    }
}
