package org.postbane.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.postbane.act.ActionSettings;

/**
 * Finds the actions that jails name, in {@code actions/NAME.conf} and {@code NAME.local}: {@code [Definition]} says which
 * built-in kind it is, {@code [Init]} has its settings, which a jail may override. Each file is read once, however many
 * jails name it.
 */
final class ActionReader {

    private static final String DRY_RUN = "dryrun";

    private final ConfigFolder folder;
    private final Faults faults;
    private final Map<String, Optional<ActionFile>> files = new LinkedHashMap<>();
    private final Map<String, Optional<ActionDefinition>> definitions = new LinkedHashMap<>();
    /** Which action has a place for itself. */
    private final Map<String, String> places = new LinkedHashMap<>();

    /** What the files of one action say. */
    private record ActionFile(String name, String kind, Place place, Map<String, Entry> settings) {}

    ActionReader(ConfigFolder folder, Faults faults) {
        this.folder = folder;
        this.faults = faults;
    }

    /** @param caller where the jail names it */
    Optional<ActionDefinition> define(ActionCall call, Place caller) {
        String name = call.action();
        if (!files.containsKey(name)) {
            List<IniFile> layers = folder.layers("actions/" + name);
            if (layers.isEmpty()) {
                faults.add(caller, "action", "unknown action '%s': there is no actions/%s.conf".formatted(name, name));
                return Optional.empty();
            }
            files.put(name, load(name, layers));
        }
        return files.getOrDefault(name, Optional.empty()).flatMap(file -> override(file, call, caller));
    }

    private Optional<ActionFile> load(String name, List<IniFile> layers) {
        Map<String, Section> sections = Section.merge(
                layers.stream().flatMap(file -> file.sections().stream()).toList(), faults);
        Section.refuseOthers(sections, List.of("Definition", "Init"), faults);
        Place whole = new Place(
                layers.get(0).file(),
                0,
                layers.get(0).sections().stream().anyMatch(part -> part.place().builtIn()));
        Section definition = sections.getOrDefault("Definition", new Section("Definition", whole, null, faults));
        definition.refuseOthers(Set.of("builtin"));
        Optional<String> kind = definition.required("builtin", ActionKinds.expected(), ActionKinds::kind);
        Map<String, Entry> settings = new LinkedHashMap<>();
        Section init = sections.getOrDefault("Init", new Section("Init", whole, null, faults));
        for (String key : init.keys()) {
            Place place = init.entry(key).orElseThrow().place();
            init.lines(key, text -> text).ifPresent(text -> settings.put(key, new Entry(key, text, place)));
        }
        return kind.map(builtin -> new ActionFile(name, builtin, whole, settings));
    }

    private Optional<ActionDefinition> override(ActionFile file, ActionCall call, Place caller) {
        Map<String, Entry> settings = new LinkedHashMap<>(file.settings());
        Map<String, String> changed = new TreeMap<>();
        for (Map.Entry<String, String> setting : call.settings().entrySet()) {
            Entry standard = file.settings().get(setting.getKey());
            if (standard == null || !standard.value().equals(setting.getValue())) {
                changed.put(setting.getKey(), setting.getValue());
                settings.put(setting.getKey(), new Entry(setting.getKey(), setting.getValue(), caller));
            }
        }
        String name = new ActionCall(file.name(), changed).toString();
        return definitions.computeIfAbsent(name, n -> settings(name, file, settings));
    }

    /** Refuses it if another action that is in use has the same place for itself; the same one may be used again. */
    void use(ActionDefinition definition, Place caller) {
        if (definition.dryRun()) {
            return;
        }
        for (String place : new TreeSet<>(definition.settings().places())) {
            String other = places.putIfAbsent(place, definition.name());
            if (other != null && !other.equals(definition.name())) {
                faults.add(
                        caller,
                        "action",
                        "%s and %s would both keep %s, and undo each other's bans; give each its own"
                                .formatted(other, definition.name(), place));
            }
        }
    }

    private Optional<ActionDefinition> settings(String name, ActionFile file, Map<String, Entry> entries) {
        int before = faults.count();
        ActionKeys keys = new ActionKeys(name, file.place(), entries, faults);
        boolean dryRun = keys.value(DRY_RUN, "false", Values::truth);
        ActionSettings settings = ActionKinds.read(file.kind(), keys);
        keys.refuseOthers();
        return faults.count() > before ? Optional.empty() : Optional.of(new ActionDefinition(name, settings, dryRun));
    }
}
