/**
 * The operating system behind small interfaces: libnftables by JNA, programs by commons-exec, the ownership of files.
 * Knows nothing of mail or bans. The only package that loads native code or starts a process.
 */
@NullMarked
package org.postbane.host;

import org.jspecify.annotations.NullMarked;
