/**
 * The command line: one class per command, parsed by picocli, run either in this process or inside the daemon on behalf
 * of a client. Writes to the streams it is given.
 */
@NullMarked
package org.postbane.cli;

import org.jspecify.annotations.NullMarked;
