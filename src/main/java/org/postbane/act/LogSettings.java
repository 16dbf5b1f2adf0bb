package org.postbane.act;

/** Of {@link LogAction}. */
public record LogSettings(String name) implements ActionSettings {}
