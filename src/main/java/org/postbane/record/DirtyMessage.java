package org.postbane.record;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Origin;
import org.postbane.model.Judgement;

/**
 * A message that was judged bad, or was addressed to a trap: what a record tells of it. Texts are strangers'.
 *
 * @param at when it was judged, or hit the trap
 * @param filter who judged; empty where nobody did
 * @param judgement null where only a trap tells
 * @param points in the filter's own scale; NaN where it gave none
 * @param victims its recipients as far as they are known; 0 where it was refused before any was
 * @param trap the first trap that it was addressed to; null if to none
 */
public record DirtyMessage(
        Instant at,
        Origin origin,
        String filter,
        @Nullable Judgement judgement,
        double points,
        int victims,
        @Nullable String trap) {

    public DirtyMessage {
        if (judgement == null && trap == null) {
            throw new IllegalArgumentException("nothing is wrong with the message of %s".formatted(origin));
        }
    }
}
