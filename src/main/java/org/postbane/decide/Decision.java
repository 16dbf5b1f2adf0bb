package org.postbane.decide;

/** A change in who is kept out. */
public sealed interface Decision {

    Ban ban();

    /**
     * The ban is in force from now on. Where the subject has one of the same jail already, this one takes its place.
     *
     * @param prolongs it is the one that was in force, with a later end
     */
    record Impose(Ban ban, boolean prolongs) implements Decision {
        /** A new ban. */
        public Impose(Ban ban) {
            this(ban, false);
        }
    }

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
