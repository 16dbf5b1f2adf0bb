package org.postbane.act;

/** Of {@link SpamdbAction}. */
public record SpamdbSettings(String name) implements ActionSettings {}
