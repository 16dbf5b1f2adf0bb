package org.postbane.decide;

/** A ban asked for by hand is refused by a guard. The message says by which, for people and on one line. */
public final class GuardedException extends Exception {

    private static final long serialVersionUID = 1;

    GuardedException(String refusal) {
        super(refusal);
    }
}
