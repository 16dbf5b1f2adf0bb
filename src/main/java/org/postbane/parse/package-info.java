/**
 * From a line to what it states. In: {@link org.postbane.source.Line}. Out: {@link org.postbane.parse.LogEvent}, none for
 * a line that states nothing. One small parser per program that writes to mail.log, found by the program name in the
 * syslog header. Byte-level, on the pipeline thread; bad input yields no event and no exception. Joins nothing: what two
 * lines say together is the business of the next stage.
 */
@NullMarked
package org.postbane.parse;

import org.jspecify.annotations.NullMarked;
