package org.postbane.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision.Cause;
import org.postbane.score.Offence;
import org.postbane.score.Standing;
import org.postbane.source.Position;

/**
 * What was saved since the last commit, by key, the last value winning: however often a score changes within a batch, one
 * row is written. An empty Optional means that the row is to go. As large as a batch, or, while the disk is full, as what
 * the caller goes on saving.
 */
final class Unsaved {

    final Map<String, Position> positions = new HashMap<>();
    final Map<String, Optional<byte[]>> rows = new HashMap<>();
    final Map<Key, Standing> standings = new HashMap<>();
    final List<Offence> offences = new ArrayList<>();
    final Map<Key, Optional<Ban>> bans = new LinkedHashMap<>();
    final List<Ended> ended = new ArrayList<>();

    /** A ban for the history. */
    record Ended(Ban ban, Instant at, Cause cause) {}

    boolean isEmpty() {
        return positions.isEmpty()
                && rows.isEmpty()
                && standings.isEmpty()
                && offences.isEmpty()
                && bans.isEmpty()
                && ended.isEmpty();
    }

    void clear() {
        positions.clear();
        rows.clear();
        standings.clear();
        offences.clear();
        bans.clear();
        ended.clear();
    }
}
