/**
 * How bad, and how surely. In: {@link org.postbane.correlate.Deed}. Out: {@link org.postbane.score.Scored}, the standing of
 * one subject in one jail after one deed. On the pipeline thread. Pronounces nothing: whether a standing deserves a ban is
 * the business of the next stage.
 */
@NullMarked
package org.postbane.score;

import org.jspecify.annotations.NullMarked;
