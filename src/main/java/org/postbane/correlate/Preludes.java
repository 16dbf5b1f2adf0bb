package org.postbane.correlate;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.parse.Program;

/** The {@link Prelude} of each connection that has one, by the smtpd process that serves it. The oldest go where there are too many. */
final class Preludes extends Remembered {

    private static final int MOST = 10_000;

    private final Map<Program, Prelude> byProcess = new LinkedHashMap<>();

    /** The connection's prelude if it fits this client and sender, else a new one in its place. */
    Prelude of(Program process, IpPrefix client, @Nullable String sender) {
        changed = true;
        Prelude known = byProcess.get(process);
        if (known != null && known.fits(client, sender)) {
            return known;
        }
        return begin(process, client, sender);
    }

    /** A new message begins, of which this connection has said nothing yet. */
    Prelude begin(Program process, IpPrefix client, @Nullable String sender) {
        changed = true;
        if (byProcess.size() >= MOST) {
            byProcess.remove(byProcess.keySet().iterator().next());
        }
        Prelude prelude = Prelude.of(client, sender);
        byProcess.put(process, prelude);
        return prelude;
    }

    /** The message got its queue id, or the connection began or ended. */
    @Nullable
    Prelude take(Program process) {
        Prelude prelude = byProcess.isEmpty() ? null : byProcess.remove(process);
        changed |= prelude != null;
        return prelude;
    }

    byte[] toRow() {
        RowWriter row = new RowWriter();
        row.number(byProcess.size());
        byProcess.forEach((program, prelude) -> {
            row.text(program.host());
            row.text(program.name());
            row.number(program.pid());
            prelude.write(row);
        });
        return row.toBytes();
    }

    void restore(RowReader row) {
        for (long left = row.number(); left > 0; left--) {
            byProcess.put(new Program(row.someText(), row.someText(), (int) row.number()), Prelude.read(row));
        }
    }
}
