package org.postbane.store;

import org.jspecify.annotations.Nullable;
import org.postbane.model.Subject;

/** Under which standings and bans are found: a subject has one of each in a jail. */
record Key(Subject subject, String jail) {

    // written out, as what a record does by itself is slow in a map, until it is compiled at great cost

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Key key && key.subject.equals(subject) && key.jail.equals(jail);
    }

    @Override
    public int hashCode() {
        return 31 * subject.hashCode() + jail.hashCode();
    }
}
