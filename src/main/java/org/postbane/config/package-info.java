/**
 * Reads {@code postbane.conf}, {@code jails.conf}, {@code filters/} and {@code actions/} into the settings records of
 * the stages, which lie beside their users. Reports all faults at once, each with file, line, key and reason. Nothing is
 * guessed and nothing silently corrected. On the thread that asks, at start and on reload; keeps nothing.
 */
@NullMarked
package org.postbane.config;

import org.jspecify.annotations.NullMarked;
