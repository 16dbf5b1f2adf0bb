package org.postbane.record;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Origin;
import org.postbane.model.Judgement;

/**
 * A message that was judged, or was addressed to a trap: what a record tells of it. Texts are strangers'.
 *
 * @param at when it was judged, or hit the trap
 * @param received when the client handed it in, as far as that is known; else {@code at}
 * @param filter who judged; empty where nobody did
 * @param judgement null where only a trap tells
 * @param points in the filter's own scale; NaN where it gave none
 * @param victims its recipients as far as they are counted; 0 where it was refused before any was
 * @param recipients its recipients as far as they are known by name
 * @param trap the first trap that it was addressed to; null if to none
 */
public record RecordedMessage(
        Instant at,
        Instant received,
        Origin origin,
        String filter,
        @Nullable Judgement judgement,
        double points,
        int victims,
        List<String> recipients,
        @Nullable String trap) {

    public RecordedMessage {
        if (judgement == null && trap == null) {
            throw new IllegalArgumentException("nothing is known of the message of %s".formatted(origin));
        }
        recipients = List.copyOf(recipients);
    }

    /** Judged bad, or addressed to a trap. */
    boolean isDirty() {
        return trap != null || judgement != Judgement.CLEAN;
    }

    /** In one word: {@code spam}, {@code virus}, {@code banned}, {@code clean}, or {@code trap} where no filter judged it bad. */
    String verdict() {
        return judgement == null || judgement == Judgement.CLEAN && trap != null
                ? "trap"
                : judgement.name().toLowerCase(java.util.Locale.ROOT);
    }
}
