/** Postbane: reads mail.log, finds out which client really sent each spam, and keeps the guilty out. */
@NullMarked
package org.postbane;

import org.jspecify.annotations.NullMarked;
