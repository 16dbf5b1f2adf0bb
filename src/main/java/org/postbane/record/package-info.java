/**
 * Tells each dirty message to others. In: {@link org.postbane.correlate.Deed}. Out: one line for each message that was judged bad
 * or hit a trap, to the agent's log or a file, on the pipeline thread; and rows of a database of others, where clean ones can have
 * theirs too, through the {@link org.postbane.record.RecordOutbox} and by a thread of their own. It counts nothing and decides nothing.
 */
@NullMarked
package org.postbane.record;

import org.jspecify.annotations.NullMarked;
