package org.postbane.parse;

import org.jspecify.annotations.Nullable;

/**
 * Who wrote a line, as the syslog header says: {@code program[pid]:}.
 *
 * @param name as logged, e.g. {@code postfix/submission/smtpd} or {@code amavis}
 * @param pid 0 where the header has none
 */
public record Program(String name, int pid) {

    // a key of maps that each line of some programs asks: what a record does by itself is slow, until compiled at great
    // cost

    @Override
    public boolean equals(@Nullable Object other) {
        return other == this || other instanceof Program program && program.pid == pid && program.name.equals(name);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + pid;
    }
}
