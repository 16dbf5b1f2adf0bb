package org.postbane.act;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;

/**
 * The bans of a place that can only be made anew from all of them, as a file. For one thread. Memory: about 300 bytes a ban.
 */
final class WholeCopy {

    private final String action;
    private final Predicate<Ban> takes;
    private final Map<Subject, Ban> inForce = new HashMap<>();
    private boolean known;

    /**
     * @param action the name of the action
     * @param takes which bans the place can hold
     */
    WholeCopy(String action, Predicate<Ban> takes) {
        this.action = action;
        this.takes = takes;
    }

    void replace(Collection<Ban> bans) {
        inForce.clear();
        bans.stream().filter(takes).forEach(ban -> inForce.put(ban.subject(), ban));
        known = true;
    }

    /** Whether the changes, in their order, mean anything to the place. */
    boolean apply(List<Decision> changes) throws ActionException {
        if (!known) {
            throw new ActionException(action + ": it can only be made of all bans, which are not known yet");
        }
        boolean changed = false;
        for (Decision change : changes) {
            Ban ban = change.ban();
            if (change instanceof Decision.Impose && takes.test(ban)) {
                inForce.put(ban.subject(), ban);
                changed = true;
            } else {
                changed |= inForce.remove(ban.subject()) != null;
            }
        }
        return changed;
    }

    /** Of which some may have ended. */
    Collection<Ban> bans() {
        return inForce.values();
    }
}
