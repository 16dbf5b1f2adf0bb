package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.parse.Peer;
import org.postbane.parse.Program;

/**
 * The SMTP sessions that last, by the smtpd process that serves them. Of a message that a milter refused, Postfix prints one
 * recipient only; but when the session ends it prints how many were accepted in all ({@code rcpt=50}), and of the messages
 * that it accepted the deliveries tell.
 *
 * <p>Memory: the oldest go where there are too many.
 */
final class Connections {

    /** So soon after its output was refused a filter before the queue answers. */
    private static final Duration ANSWER = Duration.ofSeconds(5);

    private static final int MOST = 10_000;
    private static final String ROW = "connection:";

    private final Map<Program, Connection> lasting = new LinkedHashMap<>();
    /** Those that ended, and of which some message's fate is waited for. In order of time. */
    private final ArrayDeque<Connection> ended = new ArrayDeque<>();

    private final Duration patience;
    /** Takes messages of which it is known now how many recipients they had, if ever. */
    private final BiConsumer<Mail, Instant> told;

    private final boolean remembers;
    private final Set<Connection> changed = new LinkedHashSet<>();
    private final Map<Connection, Long> rows = new LinkedHashMap<>();
    private final Set<Long> gone = new HashSet<>();
    private long nextRow;

    Connections(Duration patience, boolean remembers, BiConsumer<Mail, Instant> told) {
        this.patience = patience;
        this.remembers = remembers;
        this.told = told;
    }

    void begin(Program process, @Nullable IpPrefix client, Instant at) {
        Connection before = lasting.remove(process);
        if (before != null) {
            settle(before, at); // its end was lost
        }
        makeRoom(at);
        Connection connection = new Connection(process, true);
        connection.client = client;
        lasting.put(process, connection);
        touch(connection);
    }

    private void makeRoom(Instant at) {
        if (lasting.size() >= MOST) {
            Connection oldest = lasting.remove(lasting.keySet().iterator().next());
            settle(Objects.requireNonNull(oldest), at);
        }
    }

    /** smtpd gave the message a queue id. */
    void add(Program process, Mail mail, Instant at) {
        Connection connection = of(process, at);
        connection.add(mail);
        touch(connection);
    }

    /** A message begins that goes through a filter before the queue. */
    void proxy(Program process, Peer client, @Nullable String account, Instant at) {
        Connection connection = of(process, at);
        connection.proxied = client.address();
        connection.behind = null;
        connection.proxiedAccount = account;
        touch(connection);
    }

    /**
     * What the filter made of a message of this client was refused.
     *
     * @return false if no client of this address is speaking to us through a filter
     */
    boolean refusedBehind(IpPrefix client, Pending verdict) {
        boolean known = false;
        for (Connection connection : lasting.values()) { // few messages get so far
            if (client.equals(connection.proxied)) {
                connection.behind = verdict;
                touch(connection);
                known = true;
            }
        }
        return known;
    }

    /** Why the filter's output was refused of the message to which the filter answers now; null if it was not, or is another's. */
    @Nullable
    Pending takeBehind(Connection connection, @Nullable String sender, Instant at) {
        Pending verdict = connection.behind;
        if (verdict == null) {
            return null;
        }
        boolean fits = !verdict.at().plus(ANSWER).isBefore(at)
                && (sender == null || verdict.sender() == null || sender.equals(verdict.sender()));
        for (Connection other : lasting.values()) {
            if (other == connection || fits && verdict.equals(other.behind)) {
                other.behind = null;
                touch(other);
            }
        }
        return fits ? verdict : null;
    }

    private Connection of(Program process, Instant at) {
        Connection known = lasting.get(process);
        if (known == null) { // its beginning is lost, or the program does not tell
            makeRoom(at);
            known = new Connection(process, false);
            lasting.put(process, known);
        }
        return known;
    }

    @Nullable
    Connection find(Program process) {
        return lasting.get(process);
    }

    /** The youngest of the messages of this process's session; null if none is waited for. */
    @Nullable
    Mail lastOf(Program process) {
        Connection connection = lasting.get(process);
        List<Mail> mails = connection == null ? List.of() : connection.mails;
        return mails.isEmpty() ? null : mails.get(mails.size() - 1);
    }

    /**
     * @param recipients accepted RCPT commands; -1 if the line does not say
     * @param messages DATA commands, or else accepted MAIL commands; 0 if it does not say
     */
    void end(Program process, @Nullable IpPrefix client, int recipients, int messages, Instant at) {
        Connection connection = lasting.remove(process);
        if (connection == null) {
            return;
        }
        connection.recipients = recipients;
        connection.messages = messages;
        connection.certain &= Objects.equals(connection.client, client);
        if (connection.isComplete()) {
            settle(connection, at);
        } else {
            connection.due = at.plus(patience);
            ended.add(connection);
            touch(connection);
        }
    }

    /** qmgr has the message: all that its session, which has ended, waited for may be known now. */
    void queued(Mail mail, Instant at) {
        Connection connection = mail.connection;
        if (connection != null && connection.due != null && connection.isComplete() && ended.remove(connection)) {
            settle(connection, at);
        }
    }

    /** The message was accepted, and is done with. */
    void leaves(Mail mail) {
        Connection connection = mail.connection;
        if (connection != null) {
            connection.leaves(mail);
            touch(connection);
        }
    }

    void advance(Instant now) {
        while (!ended.isEmpty() && !Objects.requireNonNull(ended.peek().due).isAfter(now)) {
            settle(ended.remove(), now);
        }
    }

    /** Nothing more is to be expected. */
    void finish(Instant now) {
        while (!ended.isEmpty()) {
            settle(ended.remove(), now);
        }
        List.copyOf(lasting.values()).forEach(connection -> settle(connection, now));
        lasting.clear();
    }

    private void settle(Connection connection, Instant at) {
        changed.remove(connection);
        Long row = rows.remove(connection);
        if (row != null) {
            gone.add(row);
        }
        if (connection.mails.isEmpty()) {
            return;
        }
        connection.tell();
        for (Mail mail : connection.mails) {
            mail.connection = null;
            told.accept(mail, at);
        }
    }

    private void touch(Connection connection) {
        if (remembers) {
            changed.add(connection);
        }
    }

    // ---------------------------------------------------------------- over restarts

    void saveTo(OpenMessageStore store) {
        for (Connection connection : changed) {
            long number = rows.computeIfAbsent(connection, key -> nextRow++);
            store.saveRow(ROW + number, toRow(connection));
        }
        gone.forEach(number -> store.removeRow(ROW + number));
        changed.clear();
        gone.clear();
    }

    private static byte[] toRow(Connection connection) {
        RowWriter row = new RowWriter();
        row.text(connection.process.host());
        row.text(connection.process.name());
        row.number(connection.process.pid());
        row.flag(connection.certain);
        row.number(connection.gone);
        row.number(connection.left);
        row.number(connection.recipients);
        row.number(connection.messages);
        row.time(connection.due);
        row.address(connection.client);
        row.address(connection.proxied);
        row.text(connection.proxiedAccount);
        row.flag(connection.behind != null);
        if (connection.behind != null) {
            connection.behind.write(row);
        }
        row.number(connection.mails.size());
        connection.mails.forEach(mail -> row.number(mail.serial));
        return row.toBytes();
    }

    static boolean isRow(String key) {
        return key.startsWith(ROW);
    }

    /** @param mails the messages that were read back, by serial number; null for one that is not there */
    void restore(String key, byte[] bytes, LongFunction<@Nullable Mail> mails) {
        RowReader row = new RowReader(bytes);
        Connection connection =
                new Connection(new Program(row.someText(), row.someText(), (int) row.number()), row.flag());
        connection.gone = (int) row.number();
        connection.left = (int) row.number();
        connection.recipients = (int) row.number();
        connection.messages = (int) row.number();
        connection.due = row.time();
        connection.client = row.address();
        connection.proxied = row.address();
        connection.proxiedAccount = row.text();
        connection.behind = row.flag() ? Pending.read(row) : null;
        for (long left = row.number(); left > 0; left--) {
            Mail mail = mails.apply(row.number());
            if (mail == null) {
                connection.certain = false;
            } else {
                connection.add(mail);
            }
        }
        long number = Long.parseLong(key.substring(ROW.length()));
        nextRow = Math.max(nextRow, number + 1);
        rows.put(connection, number);
        if (connection.due == null) {
            lasting.put(connection.process, connection);
        } else {
            ended.add(connection);
        }
    }

    /** All rows were read back. */
    void restored() {
        List<Connection> inOrder = ended.stream()
                .sorted(Comparator.comparing(connection -> Objects.requireNonNull(connection.due)))
                .toList();
        ended.clear();
        ended.addAll(inOrder);
    }
}
