/**
 * Values of the whole domain, that every stage speaks of: addresses and prefixes, queue ids, subjects. Immutable,
 * checked when they are made, free of time and of input and output. Imports nothing of ours.
 */
@NullMarked
package org.postbane.model;

import org.jspecify.annotations.NullMarked;
