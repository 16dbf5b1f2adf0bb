package org.postbane.config;

import org.postbane.act.ActionSettings;

/**
 * One action as the jails want it.
 *
 * @param name the file's name, and, where a jail overrides settings, those: {@code nftables[ports="25,587"]}. Two jails with
 *     the same name share one action
 * @param settings of its kind, checked
 * @param dryRun it is to say what it would do, and do nothing
 */
public record ActionDefinition(String name, ActionSettings settings, boolean dryRun) {}
