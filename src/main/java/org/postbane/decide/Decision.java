package org.postbane.decide;

/** A change in who is kept out. */
public sealed interface Decision {

    Ban ban();

    /** The ban is in force from now on. Where the subject has one of the same jail already, this one takes its place. */
    record Impose(Ban ban) implements Decision {}

    /** The ban is over. */
    record Lift(Ban ban, Cause cause) implements Decision {}

    /** Why a ban is over. */
    enum Cause {
        EXPIRED,
        OPERATOR,
        /** The subject is on the allow list now. */
        ALLOWED
    }
}
