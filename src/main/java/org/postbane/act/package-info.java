/**
 * Where bans are made to hold. In: {@link org.postbane.decide.Decision}, of committed batches only. Each action runs on
 * its own thread; its place (a kernel set, a map) is a copy of the bans in force and can be made equal to them again at any
 * time.
 */
@NullMarked
package org.postbane.act;

import org.jspecify.annotations.NullMarked;
