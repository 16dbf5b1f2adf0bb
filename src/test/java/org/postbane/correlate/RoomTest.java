package org.postbane.correlate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.parse.LogEvent;
import org.postbane.parse.LogEvent.Status;
import org.postbane.parse.Peer;
import org.postbane.parse.Program;

/** What the names of recipients take, of all messages together. */
class RoomTest {

    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");
    private static final Program POSTFIX = new Program("mx1", "postfix/smtp", 1);

    @Test
    void accept_millionsOfDeferredRecipients_areNotAllKept_andLaterSpamCountsInFull() {
        List<Deed> deeds = new ArrayList<>();
        Correlator correlator = new Correlator(CorrelateSettings.DEFAULT, address -> false, false, deeds::add);
        long before = used();
        Instant at = NOON;
        for (int message = 0; message < 1000; message++) {
            at = NOON.plusSeconds(message);
            QueueId id = new QueueId(1L << 58 | message, 0);
            begin(correlator, id, "198.51.100.1", 1500, at);
            for (int recipient = 0; recipient < 1500; recipient++) {
                correlator.accept(
                        delivery(id, "user-%d-%d@example.org".formatted(message, recipient), Status.DEFERRED, at));
            }
        }
        long kept = used() - before;

        QueueId spam = new QueueId(2L << 58, 0);
        at = at.plus(Duration.ofMinutes(1));
        begin(correlator, spam, "203.0.113.1", 3, at);
        List<String> names = List.of("a@example.org", "b@example.org", "c@example.org");
        correlator.accept(verdict(spam, names, at));
        for (String name : names) {
            correlator.accept(delivery(spam, name, Status.SENT, at));
        }
        correlator.finish();

        assertTrue(kept < 120L << 20, "kept " + (kept >> 20) + " MiB");
        int victims = 0;
        for (Deed deed : deeds) {
            victims += deed instanceof Deed.Victims some ? some.count() : 0;
        }
        assertEquals(3, victims);
    }

    private static void begin(Correlator correlator, QueueId id, String client, int recipients, Instant at) {
        Peer peer = new Peer("unknown", IpPrefix.parse(client), 0);
        correlator.accept(new LogEvent.Client(at, POSTFIX, id, peer, null, null, null));
        correlator.accept(new LogEvent.Queued(at, POSTFIX, id, "s@x.example", 1000, recipients));
    }

    private static LogEvent delivery(QueueId id, String to, Status status, Instant at) {
        return new LogEvent.Delivery(at, POSTFIX, id, to, null, "none", status, "", null, null, null);
    }

    private static LogEvent verdict(QueueId id, List<String> recipients, Instant at) {
        return new LogEvent.Verdict(
                at,
                POSTFIX,
                "amavis",
                "SPAM",
                Judgement.SPAM,
                20,
                false,
                id,
                null,
                null,
                recipients,
                null,
                1000,
                0,
                null,
                List.of(),
                null,
                LogEvent.Listed.EXPANDED,
                null);
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
