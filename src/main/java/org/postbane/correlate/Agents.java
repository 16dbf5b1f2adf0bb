package org.postbane.correlate;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postbane.model.QueueId;
import org.postbane.parse.LogEvent;
import org.postbane.parse.Program;

/**
 * The processes of delivery agents that run commands. Each has one request after the other, so that a command was run after the last
 * line about the request before.
 *
 * <p>Memory: {@link #MOST} processes, the one that was heard of longest ago goes for another.
 */
final class Agents {

    private static final int MOST = 100; // as many as Postfix starts of one service

    private final Map<Program, Request> last = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Program, Request> eldest) {
            return size() > MOST;
        }
    };

    /**
     * @param before when the request before was done with; null if that is not known
     * @param at when this one was heard of last
     */
    private record Request(QueueId id, int waited, @Nullable Instant before, Instant at) {}

    /** The run of which this line tells. */
    Run run(LogEvent.Delivery event, LogEvent.Delays delays) {
        Request was = last.get(event.by());
        Instant before = was == null ? null : was.at;
        if (was != null && was.id.equals(event.queueId()) && was.waited == delays.waited()) {
            before = was.before; // another recipient of the same
        }
        last.put(event.by(), new Request(event.queueId(), delays.waited(), before, event.at()));
        boolean follows =
                before != null && !before.isAfter(event.at()) && event.by().pid() != 0;
        return Run.of(event, delays, follows ? before : null); // unless the clock was set back
    }

    void write(RowWriter row) {
        row.number(last.size());
        last.forEach((program, request) -> {
            row.text(program.host());
            row.text(program.name());
            row.number(program.pid());
            row.number(request.id.high());
            row.number(request.id.low());
            row.number(request.waited);
            row.time(request.before);
            row.time(request.at);
        });
    }

    void restore(RowReader row) {
        for (long left = row.number(); left > 0; left--) {
            Program program = new Program(row.someText(), row.someText(), (int) row.number());
            QueueId id = new QueueId(row.number(), row.number());
            last.put(program, new Request(id, (int) row.number(), row.time(), Objects.requireNonNull(row.time())));
        }
    }
}
