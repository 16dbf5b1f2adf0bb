/**
 * The running agent: wires the stages into one pipeline, reads sources in batches, commits, feeds the actions, keeps time
 * (the only package that asks the clock), and answers the control socket.
 */
@NullMarked
package org.postbane.daemon;

import org.jspecify.annotations.NullMarked;
