package org.postbane.score;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Subject;

/** A store that is a map, and counts what is asked of it. */
final class ScoreStoreFake implements ScoreStore {

    private record Key(String jail, Subject subject) {}

    final Map<Key, Standing> standings = new HashMap<>();
    final List<Offence> offences = new ArrayList<>();
    boolean keepsOffences = true;
    int reads;
    int writes;

    @Override
    public @Nullable Standing standing(String jail, Subject subject) {
        reads++;
        return standings.get(new Key(jail, subject));
    }

    @Override
    public void save(String jail, Subject subject, Standing standing) {
        writes++;
        standings.put(new Key(jail, subject), standing);
    }

    @Override
    public void append(Offence offence) {
        if (keepsOffences) {
            offences.add(offence);
        }
    }

    @Override
    public List<Offence> offences(Subject subject, int most) {
        return offences.stream()
                .filter(offence -> offence.subject().equals(subject))
                .limit(most)
                .toList();
    }

    @Override
    public void forgetBefore(Instant before) {
        standings.values().removeIf(standing -> standing.asOf().isBefore(before));
    }
}
