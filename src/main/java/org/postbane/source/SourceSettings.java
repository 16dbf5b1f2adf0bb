package org.postbane.source;

import java.time.Duration;
import java.time.ZoneId;
import java.util.Optional;

/**
 * One log to read: a {@code [source NAME]} section of {@code postbane.conf}.
 *
 * @param name under which its position is kept
 * @param input what is read
 * @param zone of time stamps that name none ({@code Nov 21 03:04:05})
 * @param silent after so long without a line a warning is due; empty if any silence is right
 */
public record SourceSettings(String name, Input input, ZoneId zone, Optional<Duration> silent) {}
