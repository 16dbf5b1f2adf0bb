package org.postbane.decide;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.postbane.decide.Decision.Cause;
import org.postbane.model.Subject;

/** A store that is two lists. */
final class BanStoreFake implements BanStore {

    record Ended(Ban ban, Instant at, Cause cause) {}

    final List<Ban> inForce = new ArrayList<>();
    final List<Ended> ended = new ArrayList<>();

    @Override
    public void forEachInForce(Consumer<Ban> visitor) {
        inForce.forEach(visitor);
    }

    @Override
    public void save(Ban ban) {
        inForce.removeIf(other -> isSame(other, ban.subject(), ban.jail()));
        inForce.add(ban);
    }

    @Override
    public void end(Ban ban, Instant at, Cause cause) {
        inForce.removeIf(other -> isSame(other, ban.subject(), ban.jail()));
        ended.add(new Ended(ban, at, cause));
    }

    @Override
    public int earlier(Subject subject, String jail) {
        return (int)
                ended.stream().filter(end -> isSame(end.ban(), subject, jail)).count();
    }

    @Override
    public void forgetEndedBefore(Instant before) {
        ended.removeIf(end -> end.at().isBefore(before));
    }

    private static boolean isSame(Ban ban, Subject subject, String jail) {
        return ban.subject().equals(subject) && ban.jail().equals(jail);
    }
}
