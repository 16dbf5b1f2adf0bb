package org.postbane.record;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.postbane.host.Database;

/**
 * An administrator's SQL statement with letters where a message's values are to stand, as postlog-sa has them. The values are bound
 * to the statement, never put into its text.
 *
 * <p>{@code ?i} queue id, {@code ?m} message id, {@code ?f} envelope sender, {@code ?c} client address, {@code ?t} time at which the
 * client handed it in, {@code ?s} number of recipients; and of our own {@code ?u} account, {@code ?r} one recipient, {@code ?p} points
 * of the filter, {@code ?v} verdict. With {@code ?r} the statement is executed once for each recipient.
 *
 * <p>An unknown text is empty, unknown points are NULL. Texts are cut after {@value #MOST_TEXT} characters.
 *
 * @param text as JDBC takes it
 * @param letters one for each {@code ?} in the text
 */
public record RecordStatement(String text, List<Character> letters) {

    static final int MOST_TEXT = 255;
    private static final String LETTERS = "imfctsurpv";
    private static final String QUOTES = "'\"`";

    public RecordStatement {
        letters = List.copyOf(letters);
    }

    /** Of lines that may end with a backslash. What is in quotes stays as it is. */
    public static RecordStatement parse(String statement) {
        String joined = statement.replaceAll("\\s*\\\\?\\s*\\n\\s*", " ").strip();
        StringBuilder text = new StringBuilder();
        List<Character> letters = new ArrayList<>();
        char quote = 0;
        for (int i = 0; i < joined.length(); i++) {
            char c = joined.charAt(i);
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (QUOTES.indexOf(c) >= 0) {
                quote = c;
            } else if (c == '?') {
                char letter = i + 1 < joined.length() ? joined.charAt(i + 1) : ' ';
                if (LETTERS.indexOf(letter) < 0) {
                    throw new IllegalArgumentException(
                            "'?%c' stands for nothing; known are ?i ?m ?f ?c ?t ?s ?u ?r ?p ?v".formatted(letter));
                }
                letters.add(letter);
                i++;
            }
            text.append(c);
        }
        if (quote != 0 || !joined.toLowerCase(Locale.ROOT).matches("(insert|replace|merge|update|call)\\s.*")) {
            throw new IllegalArgumentException(
                    quote != 0 ? "a quote is not closed" : "expected a statement that begins with INSERT");
        }
        return new RecordStatement(text.toString(), letters);
    }

    private boolean isPerRecipient() {
        return letters.contains('r');
    }

    /** Executes it for one message. */
    void execute(PreparedStatement statement, RecordedMessage message) throws SQLException {
        if (!isPerRecipient() || message.recipients().isEmpty()) {
            bind(statement, message, "");
            statement.executeUpdate();
            return;
        }
        for (String recipient : message.recipients()) {
            bind(statement, message, recipient);
            statement.addBatch();
        }
        statement.executeBatch();
    }

    private void bind(PreparedStatement s, RecordedMessage message, String recipient) throws SQLException {
        for (int i = 0; i < letters.size(); i++) {
            int at = i + 1;
            switch (letters.get(i)) {
                case 'i' -> text(s, at, message.origin().queueId());
                case 'm' -> text(s, at, message.origin().messageId());
                case 'f' -> text(s, at, message.origin().sender());
                case 'c' -> text(s, at, message.origin().client());
                case 't' -> s.setTimestamp(at, Timestamp.from(message.received().truncatedTo(ChronoUnit.SECONDS)));
                case 's' -> s.setInt(at, message.victims());
                case 'u' -> text(s, at, message.origin().account());
                case 'r' -> text(s, at, recipient);
                case 'v' -> text(s, at, message.verdict());
                case 'p' -> {
                    if (Double.isFinite(message.points())) {
                        s.setDouble(at, message.points());
                    } else {
                        s.setNull(at, Types.DOUBLE);
                    }
                }
                default -> throw new AssertionError(letters.get(i));
            }
        }
    }

    private static void text(PreparedStatement s, int at, @Nullable Object value) throws SQLException {
        s.setString(at, value == null ? "" : Database.text(value.toString(), MOST_TEXT));
    }
}
