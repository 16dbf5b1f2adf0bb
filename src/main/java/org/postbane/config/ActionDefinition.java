package org.postbane.config;

import java.util.List;
import java.util.Map;

/**
 * One action as the jails want it: what kind it is and its settings, each with its place, so that whoever checks a setting
 * can say where a wrong one stands.
 *
 * @param name the file's name, and, where a jail overrides settings, those: {@code nftables[ports="25,587"]}. Two jails with
 *     the same name share one action
 * @param kind the built-in kind: the value of {@code builtin}
 * @param place the file that defines it, for faults of the action as a whole
 * @param settings the keys of {@code [Init]}, all of them, overridden where the jail does so
 */
public record ActionDefinition(String name, String kind, String place, Map<String, Setting> settings) {

    public ActionDefinition {
        settings = Map.copyOf(settings);
    }

    /**
     * One value.
     *
     * @param place {@code file:line}
     */
    public record Setting(String value, String place) {}

    /**
     * The value of a setting.
     *
     * @throws ConfigException if the action's file has no such key
     */
    public String value(String key) throws ConfigException {
        Setting setting = settings.get(key);
        if (setting == null) {
            throw new ConfigException(List.of(place + " " + key + ": missing in [Init]"));
        }
        return setting.value();
    }

    /** The fault that says why the value of {@code key} cannot be used, in the form of {@link ConfigException}. */
    public String fault(String key, String why) {
        Setting setting = settings.get(key);
        return (setting == null ? place : setting.place()) + " " + key + ": " + why;
    }
}
