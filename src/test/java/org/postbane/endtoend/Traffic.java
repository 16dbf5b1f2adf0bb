package org.postbane.endtoend;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * Mail that comes all the time: a log that grows line by line by real sessions of spam and ham, some at once, each with ids of its own.
 * Of three messages of spam in a row the client is the same, and is then to be banned.
 *
 * <p>Runs on a thread of its own until {@link #end}.
 */
final class Traffic implements AutoCloseable {

    /** Each in five recipients' mailboxes. */
    static final int RECIPIENTS = 5;

    private static final int AT_ONCE = 6;
    private static final int LINES_OF_ONE = 19;

    private final Path log;
    private final Random random;
    private final List<String> spam = Samples.lines("spam4").subList(0, LINES_OF_ONE);
    private final List<String> ham = Samples.lines("ham").subList(0, LINES_OF_ONE);
    private final List<List<String>> open = new ArrayList<>();
    private final Set<String> spamSent = new TreeSet<>();
    private final Set<String> hamSent = new TreeSet<>();
    private final Thread thread = new Thread(this::run, "traffic");
    private volatile boolean stopping;
    private volatile IOException fault;
    private int sessions;

    Traffic(Path log, long seed) throws IOException {
        this.log = log;
        random = new Random(seed);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (!stopping || !open.isEmpty()) {
                while (!stopping && open.size() < AT_ONCE) {
                    open.add(session());
                }
                List<String> one = open.get(random.nextInt(open.size()));
                int count = Math.min(one.size(), 1 + random.nextInt(4));
                Daemon.append(log, one.subList(0, count));
                one.subList(0, count).clear();
                open.removeIf(List::isEmpty);
                Thread.sleep(random.nextInt(60));
            }
        } catch (IOException e) {
            fault = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<String> session() {
        int number = ++sessions;
        boolean bad = number % 3 > 0;
        String messageId = "traffic.%d@client.example.net".formatted(number);
        (bad ? spamSent : hamSent).add("<" + messageId + ">");
        return new ArrayList<>((bad ? spam : ham)
                .stream()
                        .map(line -> line.replace(bad ? "53AEA52EACA" : "5A47952EAF4", "1%010X".formatted(number))
                                .replace(bad ? "03D1852EC47" : "5971F52EACA", "2%010X".formatted(number))
                                .replaceAll("1795252523\\.0000[0-9]+\\.[0-9a-f]+@client\\.example\\.net", messageId)
                                .replace("203.0.113.4", "203.0.113." + (1 + number / 9 % 250)))
                        .toList());
    }

    /** Message-IDs of the spam, when it is over. */
    Set<String> spam() {
        return spamSent;
    }

    /** Likewise. */
    Set<String> ham() {
        return hamSent;
    }

    @Override
    public void close() throws IOException {
        end();
    }

    /** Returns when all sessions are whole. */
    void end() throws IOException {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (fault != null) {
            throw fault;
        }
    }
}
