package org.postbane.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.postbane.config.ActionDefinition.Setting;

/**
 * Finds the actions that jails name, in {@code actions/NAME.conf} and {@code NAME.local}: {@code [Definition]} says which
 * built-in kind it is, {@code [Init]} has its settings, all of them. A jail may override these and no others. Each file is
 * read once, however many jails name it.
 */
final class ActionReader {

    /** Kinds of action that are built in. */
    static final Set<String> KINDS = Set.of("nftables", "log");

    private final ConfigFolder folder;
    private final Faults faults;
    private final Map<String, Optional<ActionDefinition>> known = new LinkedHashMap<>();

    ActionReader(ConfigFolder folder, Faults faults) {
        this.folder = folder;
        this.faults = faults;
    }

    /** @param caller where the jail names it */
    Optional<ActionDefinition> define(ActionCall call, Place caller) {
        String name = call.action();
        if (!known.containsKey(name)) {
            List<IniFile> layers = folder.layers("actions/" + name);
            if (layers.isEmpty()) {
                faults.add(caller, "action", "unknown action '%s': there is no actions/%s.conf".formatted(name, name));
                return Optional.empty();
            }
            known.put(name, load(name, layers));
        }
        return known.getOrDefault(name, Optional.empty()).map(base -> override(base, call, caller));
    }

    private Optional<ActionDefinition> load(String name, List<IniFile> layers) {
        Map<String, Section> sections = Section.merge(
                layers.stream().flatMap(file -> file.sections().stream()).toList(), faults);
        Section.refuseOthers(sections, List.of("Definition", "Init"), faults);
        Place whole = new Place(layers.get(0).file(), 0, false);
        Section definition = sections.getOrDefault("Definition", new Section("Definition", whole, null, faults));
        definition.refuseOthers(Set.of("builtin"));
        Optional<String> kind = definition.required("builtin", expectedKind(), ActionReader::kind);
        Map<String, Setting> settings = new LinkedHashMap<>();
        Section init = sections.getOrDefault("Init", new Section("Init", whole, null, faults));
        for (String key : init.keys()) {
            String place = init.entry(key).orElseThrow().place().toString();
            init.lines(key, text -> text).ifPresent(text -> settings.put(key, new Setting(text, place)));
        }
        return kind.map(builtin -> new ActionDefinition(name, builtin, whole.toString(), settings));
    }

    private static String kind(String text) {
        if (!KINDS.contains(text)) {
            throw new IllegalArgumentException(
                    "'%s' is no built-in action; expected %s".formatted(text, expectedKind()));
        }
        return text;
    }

    private static String expectedKind() {
        return String.join(" or ", new TreeSet<>(KINDS));
    }

    private ActionDefinition override(ActionDefinition base, ActionCall call, Place caller) {
        Map<String, Setting> settings = new LinkedHashMap<>(base.settings());
        Map<String, String> changed = new TreeMap<>();
        for (Map.Entry<String, String> setting : call.settings().entrySet()) {
            Setting standard = base.settings().get(setting.getKey());
            if (standard == null) {
                faults.add(
                        caller,
                        "action",
                        "'%s' is no setting of %s; known are %s"
                                .formatted(
                                        setting.getKey(),
                                        base.name(),
                                        String.join(
                                                ", ",
                                                new TreeSet<>(base.settings().keySet()))));
            } else if (!standard.value().equals(setting.getValue())) {
                changed.put(setting.getKey(), setting.getValue());
                settings.put(setting.getKey(), new Setting(setting.getValue(), caller.toString()));
            }
        }
        String name = new ActionCall(base.name(), changed).toString();
        return new ActionDefinition(name, base.kind(), base.place(), settings);
    }
}
