/**
 * Who did what to whom. In: {@link org.postbane.parse.LogEvent}, in the order of the log. Out: {@link
 * org.postbane.correlate.Deed}, one for each message that was judged (whatever number of lines, queue ids and filters
 * tell of it) and for each refusal, trap hit and failed login. On the pipeline thread; keeps the open messages, bounded in
 * number and age. Blames nobody where the lines leave a doubt.
 */
@NullMarked
package org.postbane.correlate;

import org.jspecify.annotations.NullMarked;
