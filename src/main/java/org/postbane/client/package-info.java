/**
 * Sends the words of a command to the daemon&apos;s socket and prints what comes back. Loads no library, so that it starts
 * in the blink of an eye.
 */
@NullMarked
package org.postbane.client;

import org.jspecify.annotations.NullMarked;
