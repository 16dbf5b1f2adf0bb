package org.postbane.store;

import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision.Cause;
import org.postbane.model.Subject;
import org.postbane.score.Evidence;
import org.postbane.score.Offence;
import org.postbane.score.OffenceKind;
import org.postbane.score.Standing;
import org.postbane.source.Position;

/**
 * A process to be killed: commits numbered transactions, each of which touches everything, and prints the number of each
 * when it should be durable. Goes on from the number that it finds. Now and then closes the store, which compacts it, and
 * opens it again.
 */
final class KilledWriter {

    static final Instant START = Instant.parse("2026-11-21T12:00:00Z");
    static final Subject SUBJECT = Subject.parse("192.0.2.1");
    static final int BANS_PER_END = 3;

    private KilledWriter() {}

    /** @param args the store's url, a seed */
    public static void main(String[] args) throws StoreException {
        Random random = new Random(Long.parseLong(args[1]));
        H2Store store = H2Store.open(args[0]);
        long n = store.position("mail").map(Position::offset).orElse(0L);
        while (true) {
            n++;
            save(store, n, random);
            if (random.nextInt(5) == 0) {
                store.sync();
            } else {
                store.commit();
            }
            System.out.println(n);
            System.out.flush();
            if (random.nextInt(150) == 0) {
                store.close();
                store = H2Store.open(args[0]);
            }
        }
    }

    private static void save(H2Store store, long n, Random random) {
        Instant at = START.plusSeconds(n);
        store.save("mail", new Position("fd01:4711", n));
        store.save("spam", SUBJECT, new Standing(1, at, Evidence.NONE, List.of(), n, n));
        store.append(new Offence(at, SUBJECT, "spam", OffenceKind.SPAM, 1, "transaction " + n));
        Ban ban = new Ban(SUBJECT, "spam", at, Instant.MAX, "transaction " + n);
        store.save(ban);
        if (n % BANS_PER_END == 0) {
            store.end(ban, at, Cause.EXPIRED);
        }
        byte[] row = new byte[8 + random.nextInt(60_000)];
        random.nextBytes(row);
        row[0] = (byte) n;
        store.saveRow("last", row);
        for (int i = 0; i < 20; i++) {
            String account = "account:" + random.nextInt(5000);
            store.save("spam", Subject.parse(account), new Standing(1, at, Evidence.NONE.plus(i, i), List.of(), n, i));
        }
        store.forgetBefore(START.plusSeconds(n - 200));
        store.forgetEndedBefore(START.minusSeconds(1));
    }
}
