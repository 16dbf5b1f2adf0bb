package org.postbane.score;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Subject;

/** Keeps standings and offences over restarts. What was saved becomes durable with the batch it belongs to. */
public interface ScoreStore {

    /** The standing of a subject in a jail; null if it never was saved, or was forgotten. */
    @Nullable
    Standing standing(String jail, Subject subject);

    /** Puts the standing in the place of the one of the same jail and subject. */
    void save(String jail, Subject subject, Standing standing);

    /** Adds an offence to the subject's record. */
    void append(Offence offence);

    /** The newest offences of a subject, newest first, at most {@code most}. */
    List<Offence> offences(Subject subject, int most);

    /** Forgets standings not touched, and offences done, since {@code before}; a slice of them at a time. */
    void forgetBefore(Instant before);
}
