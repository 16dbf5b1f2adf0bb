/**
 * The agent&apos;s own database. Implements the interfaces that the stages own ({@code PositionStore}, {@code
 * OpenMessageStore}, {@code ScoreStore}, {@code BanStore}) over one connection, so that a batch is one transaction; in H2,
 * or in memory for replays. On the pipeline thread, which nobody may interrupt
 * while it is here. The only package that knows SQL.
 */
@NullMarked
package org.postbane.store;

import org.jspecify.annotations.NullMarked;
