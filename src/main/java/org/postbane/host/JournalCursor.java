package org.postbane.host;

/**
 * The journal's own name for the place of an entry: {@code s=FILE-ID;i=NUMBER;b=BOOT;m=MONOTONIC;t=REALTIME;x=HASH} (all
 * hexadecimal, sd_journal_get_cursor(3)).
 */
final class JournalCursor {

    private JournalCursor() {}

    /**
     * Whether both name one entry. {@code s} and {@code i} are left out: an entry has others once journald has copied it from
     * {@code /run/log/journal} to {@code /var/log/journal}.
     */
    static boolean sameEntry(String a, String b) {
        String entry = entry(a);
        return a.equals(b) || !entry.isEmpty() && entry.equals(entry(b));
    }

    /** From the boot on; empty if it has none. */
    private static String entry(String cursor) {
        int boot = cursor.indexOf(";b=");
        return boot < 0 ? "" : cursor.substring(boot);
    }
}
