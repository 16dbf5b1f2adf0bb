/**
 * Where lines come from: whole files (plain, gzip, zstd, standard input) and growing ones. In: bytes. Out: {@link
 * org.postbane.source.Line}, a view of the reader&apos;s buffer that is valid during one call only. Runs on the pipeline
 * thread; keeps one buffer per source and the position up to which lines were handed on. Does not know what a line means.
 */
@NullMarked
package org.postbane.source;

import org.jspecify.annotations.NullMarked;
