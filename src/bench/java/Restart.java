import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.postbane.decide.Ban;
import org.postbane.model.Subject;
import org.postbane.store.H2Store;

/**
 * {@code Restart fill URL BANS}: puts bans into a store. {@code Restart measure BANS COMMAND...}: starts the daemon, and says how
 * long it takes until all of them hold: the first, the last and eight in between are shut out.
 */
final class Restart {

    public static void main(String[] args) throws Exception {
        if (args[0].equals("fill")) {
            fill(args[1], Integer.parseInt(args[2]));
        } else {
            measure(Integer.parseInt(args[1]), List.of(args).subList(2, args.length));
        }
    }

    private static void fill(String url, int bans) throws Exception {
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        try (H2Store store = H2Store.open(url)) {
            for (int i = 0; i < bans; i++) {
                Instant until = now.plus(Duration.ofDays(1 + i % 60)).plusSeconds(i);
                store.save(new Ban(
                        Subject.parse(Door.address(i)),
                        "spam",
                        now.minusSeconds(i),
                        until,
                        "severity 0.451 (limit 0.1), certainty 10^3.4 (asked 10^3.0), 12 victims in 3 messages"));
                if (i % 10_000 == 9_999) {
                    store.commit();
                }
            }
            store.commit();
        }
    }

    private static void measure(int bans, List<String> command) throws Exception {
        try (Door door = new Door()) {
            List<String> clients = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                clients.add(Door.address((int) ((bans - 1L) * i / 9)));
            }
            for (String client : clients) {
                if (!door.isOpenTo(client)) {
                    throw new IllegalStateException(client + " is shut out before the daemon runs");
                }
            }
            long start = System.nanoTime();
            Process daemon = new ProcessBuilder(command).inheritIO().start();
            long last = 0;
            for (String client : clients) {
                last = Math.max(last, door.shutTo(client, 60, 5));
            }
            System.out.printf(
                    "%d bans in force %.2f s after the start; CPU time of the daemon %.2f s%n",
                    bans,
                    (last - start) / 1e9,
                    daemon.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3);
            daemon.destroy();
            daemon.waitFor();
        }
    }

    private Restart() {}
}
