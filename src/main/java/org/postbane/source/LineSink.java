package org.postbane.source;

/** Takes lines one by one, in the order in which they were written. */
@FunctionalInterface
public interface LineSink {

    /** @param line valid during the call only */
    void accept(Line line);
}
