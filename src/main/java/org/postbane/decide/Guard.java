package org.postbane.decide;

import java.time.Instant;
import java.util.Optional;
import org.postbane.model.Subject;

/** A reason why a subject must not be banned, whatever its score. Asked on the pipeline thread: answers at once. */
public interface Guard {

    /** In a word or two: {@code allow list}. */
    String name();

    /** Why the subject must not be banned at {@code at}, for people and on one line; empty if this guard has nothing against it. */
    Optional<String> refusal(Subject subject, Instant at);
}
