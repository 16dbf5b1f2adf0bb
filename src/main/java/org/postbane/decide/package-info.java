/**
 * Limits, certainty, guards, terms and expiry. In: {@link org.postbane.score.Scored} and the passing of time. Out:
 * {@link org.postbane.decide.Decision}. On the pipeline thread. Knows no firewall.
 */
@NullMarked
package org.postbane.decide;

import org.jspecify.annotations.NullMarked;
