package org.postbane.parse;

import org.jspecify.annotations.Nullable;

/**
 * Who wrote a line, as the syslog header says: {@code host program[pid]:}. In a log of several hosts, processes of two can
 * have one number.
 *
 * @param host as logged; empty where the header has none
 * @param name as logged, e.g. {@code postfix/submission/smtpd} or {@code amavis}
 * @param pid 0 where the header has none
 */
public record Program(String host, String name, int pid) {

    // a key of maps that each line of some programs asks: what a record does by itself is slow, until compiled at great
    // cost

    @Override
    public boolean equals(@Nullable Object other) {
        return other == this
                || other instanceof Program program
                        && program.pid == pid
                        && program.name.equals(name)
                        && program.host.equals(host);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * host.hashCode() + name.hashCode()) + pid;
    }
}
