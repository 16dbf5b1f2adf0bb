package org.postbane.source;

/** Reads the time stamps of one log's lines. Not thread-safe. */
public interface LineClock {

    /** What a line without a stamp has. */
    long NONE = Long.MIN_VALUE;

    /** The epoch second that stands on the line; {@link #NONE} if none does. */
    long second(Line line);
}
