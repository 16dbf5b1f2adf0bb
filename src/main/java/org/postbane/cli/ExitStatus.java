package org.postbane.cli;

/** What the program says to the shell at its end. Numbers above 63 are those of {@code sysexits.h}. */
final class ExitStatus {

    static final int OK = 0;
    /** Done, but the answer is "no", or something failed. */
    static final int NO = 1;
    /** EX_USAGE: wrong words on the command line. */
    static final int USAGE = 64;
    /** EX_NOINPUT: a log cannot be read. */
    static final int NO_INPUT = 66;
    /** EX_UNAVAILABLE: no daemon, or a tool that is needed is missing. */
    static final int UNAVAILABLE = 69;
    /** EX_NOPERM. */
    static final int NOT_ALLOWED = 77;
    /** EX_CONFIG: the configuration is wrong. */
    static final int CONFIG = 78;

    private ExitStatus() {}
}
