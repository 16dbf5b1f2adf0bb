package org.postbane.source;

import java.time.ZoneId;

/**
 * One log to read: a {@code [source NAME]} section of {@code postbane.conf}.
 *
 * @param name under which its position is kept
 * @param input what is read
 * @param zone of time stamps that name none ({@code Nov 21 03:04:05})
 */
public record SourceSettings(String name, Input input, ZoneId zone) {}
