package org.postbane.score;

import java.time.Instant;
import org.postbane.model.Subject;

/**
 * One weighed misdeed, kept so that a ban can be explained.
 *
 * @param jail the one that weighed it
 * @param weight points
 * @param evidence for people, on one line: which message or line
 */
public record Offence(Instant at, Subject subject, String jail, OffenceKind kind, double weight, String evidence) {}
