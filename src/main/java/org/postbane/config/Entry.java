package org.postbane.config;

/**
 * One {@code key = value}.
 *
 * @param value without comments; lines of a continued value are separated by {@code \n}
 */
record Entry(String key, String value, Place place) {}
