package org.postbane.daemon;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.postbane.act.Action;
import org.postbane.act.LogAction;
import org.postbane.act.NftAction;
import org.postbane.act.NftSettings;
import org.postbane.config.ActionDefinition;
import org.postbane.config.ConfigException;
import org.postbane.host.Nft;

/** The built-in kinds of action: from a definition in the configuration to the object. */
public final class ActionKinds {

    private ActionKinds() {}

    /** Whether all of these could be made; touches nothing outside. All faults at once. */
    public static void check(Collection<ActionDefinition> definitions) throws ConfigException {
        List<String> faults = new ArrayList<>();
        for (ActionDefinition definition : definitions) {
            try {
                if (definition.kind().equals("nftables")) {
                    nftSettings(definition);
                } else if (!definition.kind().equals("log")) {
                    throw unknown(definition);
                }
            } catch (ConfigException e) {
                faults.addAll(e.faults());
            }
        }
        if (!faults.isEmpty()) {
            throw new ConfigException(faults);
        }
    }

    /** The action; its place outside is first touched by its first reconcile. */
    static Action open(ActionDefinition definition, InstantSource clock) throws ConfigException {
        return switch (definition.kind()) {
            case "nftables" -> new NftAction(nftSettings(definition), Nft.open(), clock);
            case "log" -> new LogAction(definition.name());
            default -> throw unknown(definition);
        };
    }

    private static ConfigException unknown(ActionDefinition definition) {
        return new ConfigException(List.of(definition.place() + " builtin: '" + definition.kind()
                + "' is no kind of action: expected nftables or log"));
    }

    private static NftSettings nftSettings(ActionDefinition definition) throws ConfigException {
        List<String> faults = new ArrayList<>();
        // each value on its own, so that every fault is told with its own place
        String table = value(definition, "table", faults, NftSettings::table);
        NftSettings.Hook hook = value(definition, "hook", faults, NftSettings.Hook::parse);
        String priority = value(definition, "priority", faults, NftSettings::priority);
        List<Integer> ports = value(definition, "ports", faults, NftSettings::ports);
        NftSettings.Verdict verdict = value(definition, "verdict", faults, NftSettings.Verdict::parse);
        if (table == null || hook == null || priority == null || ports == null || verdict == null) {
            throw new ConfigException(faults);
        }
        return new NftSettings(definition.name(), table, hook, priority, ports, verdict);
    }

    private static <T> @org.jspecify.annotations.Nullable T value(
            ActionDefinition definition, String key, List<String> faults, Function<String, T> parse)
            throws ConfigException {
        try {
            return parse.apply(definition.value(key));
        } catch (IllegalArgumentException e) {
            faults.add(definition.fault(key, String.valueOf(e.getMessage())));
            return null;
        }
    }
}
