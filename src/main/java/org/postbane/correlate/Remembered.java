package org.postbane.correlate;

/** Something that outlasts a restart in a row of the store, which is written only if it has changed. */
abstract class Remembered {

    /** To be set where anything changes that is in the row. */
    boolean changed;

    /** Whether something changed since this was asked last. */
    final boolean takeChanged() {
        boolean was = changed;
        changed = false;
        return was;
    }
}
