package org.postbane.store;

import org.postbane.model.Subject;

/** Under which standings and bans are found: a subject has one of each in a jail. */
record Key(Subject subject, String jail) {}
