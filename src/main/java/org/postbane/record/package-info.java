/**
 * Tells each judged message to others. Its place is kept: our own log line and the SQL row come with later issues.
 */
@NullMarked
package org.postbane.record;

import org.jspecify.annotations.NullMarked;
