/**
 * Tells each dirty message to others. In: {@link org.postbane.correlate.Deed}. Out: one line for each message that was judged bad
 * or hit a trap, to the agent's log or a file. On the pipeline thread. It counts nothing and decides nothing; a further place, such as
 * the row of a table, is one more {@link org.postbane.record.RecordSink}.
 */
@NullMarked
package org.postbane.record;

import org.jspecify.annotations.NullMarked;
