package org.postbane.model;

/** What a filter's category means for the client. */
public enum Judgement {
    /** Looked at, and not found to be bad: ham. */
    CLEAN,
    SPAM,
    VIRUS,
    /** A forbidden file name or type: bad, but no spam. */
    BANNED,
    /** The filter passed it without looking, or could not look: no trial. */
    UNCHECKED,
    /** A temporary failure; the message comes again and is judged then. */
    TEMPORARY
}
