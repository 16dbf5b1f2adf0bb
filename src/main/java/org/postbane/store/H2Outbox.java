package org.postbane.store;

import java.io.UncheckedIOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.ObjLongConsumer;
import org.postbane.record.RecordOutbox;
import org.postbane.store.RowSum.Values;

/**
 * The outbox of records in the store's own file. Numbers go on where they were, also when all rows are gone: the last one removed is
 * kept beside the outbox's name.
 *
 * <p>From the store's thread. Memory: what was added since the last commit.
 */
final class H2Outbox implements RecordOutbox {

    private static final String[] TABLES = {
        "CREATE TABLE IF NOT EXISTS record_outbox (id BIGINT PRIMARY KEY, content VARBINARY NOT NULL)",
        "CREATE TABLE IF NOT EXISTS record_sent (identity VARCHAR PRIMARY KEY, id BIGINT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS record_open (id BIGINT PRIMARY KEY, content VARBINARY NOT NULL, " + RowSum.COLUMN
                + " INT)",
        "ALTER TABLE record_outbox ADD COLUMN IF NOT EXISTS " + RowSum.COLUMN + " INT",
        "ALTER TABLE record_sent ADD COLUMN IF NOT EXISTS " + RowSum.COLUMN + " INT",
    };

    private final H2File file;
    private final List<Row> added = new ArrayList<>();
    /** Empty: no longer. */
    private final Map<Long, Optional<byte[]>> kept = new LinkedHashMap<>();

    private final String identity;
    private long newest;
    private long sent;
    private boolean sentChanged;

    H2Outbox(H2File file) throws SQLException, StoreException {
        this.file = file;
        for (String table : TABLES) {
            file.prepare(table).execute();
        }
        try (ResultSet row =
                file.prepare("SELECT identity, id FROM record_sent").executeQuery()) {
            if (row.next()) {
                identity = row.getString(1);
                sent = row.getLong(2);
            } else {
                identity = UUID.randomUUID().toString();
                sentChanged = true;
            }
        }
        try (ResultSet row = file.prepare("SELECT MAX(id) FROM record_outbox").executeQuery()) {
            newest = row.next() ? Math.max(sent, row.getLong(1)) : sent;
        }
    }

    @Override
    public String identity() {
        return identity;
    }

    @Override
    public void add(byte[] content) {
        added.add(new Row(++newest, content.clone()));
    }

    @Override
    public List<Row> oldest(int most) {
        List<Row> rows = new ArrayList<>();
        try {
            PreparedStatement s = file.prepare(
                    "SELECT id, content FROM record_outbox WHERE id > ? ORDER BY id FETCH FIRST ? ROWS ONLY");
            s.setLong(1, sent);
            s.setInt(2, most);
            try (ResultSet row = s.executeQuery()) {
                while (row.next()) {
                    rows.add(new Row(row.getLong(1), row.getBytes(2)));
                }
            }
        } catch (SQLException e) {
            throw new UncheckedIOException(file.failure("cannot read", e));
        } catch (StoreException e) {
            throw new UncheckedIOException(e);
        }
        return rows;
    }

    @Override
    public void sent(long upTo) {
        if (upTo > sent) {
            sent = upTo;
            sentChanged = true;
        }
    }

    @Override
    public long waiting() {
        return newest - sent;
    }

    @Override
    public long newest() {
        return newest;
    }

    @Override
    public void keep(long number, byte[] content) {
        kept.put(number, Optional.of(content.clone()));
    }

    @Override
    public void drop(long number) {
        kept.put(number, Optional.empty());
    }

    @Override
    public void forEachKept(ObjLongConsumer<byte[]> visitor) {
        try (ResultSet row =
                file.prepare("SELECT id, content FROM record_open ORDER BY id").executeQuery()) {
            while (row.next()) {
                visitor.accept(row.getBytes(2), row.getLong(1));
            }
        } catch (SQLException e) {
            throw new UncheckedIOException(file.failure("cannot read", e));
        } catch (StoreException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isChanged() {
        return sentChanged || !added.isEmpty() || !kept.isEmpty();
    }

    /** Writes what changed, to be committed. May be repeated. */
    void write() throws SQLException, StoreException {
        if (!added.isEmpty()) {
            PreparedStatement s = file.prepare("MERGE INTO record_outbox KEY (id) VALUES (?, ?, ?)");
            for (Row row : added) {
                new Values(s).add(row.id()).add(row.content()).end();
                s.addBatch();
            }
            s.executeBatch();
        }
        if (!kept.isEmpty()) {
            PreparedStatement put = file.prepare("MERGE INTO record_open KEY (id) VALUES (?, ?, ?)");
            PreparedStatement drop = file.prepare("DELETE FROM record_open WHERE id = ?");
            for (Map.Entry<Long, Optional<byte[]>> row : kept.entrySet()) {
                if (row.getValue().isPresent()) {
                    new Values(put).add(row.getKey()).add(row.getValue().get()).end();
                    put.addBatch();
                } else {
                    drop.setLong(1, row.getKey());
                    drop.addBatch();
                }
            }
            put.executeBatch();
            drop.executeBatch();
        }
        if (sentChanged) {
            PreparedStatement gone = file.prepare("DELETE FROM record_outbox WHERE id <= ?");
            gone.setLong(1, sent);
            gone.executeUpdate();
            PreparedStatement mark = file.prepare("MERGE INTO record_sent KEY (identity) VALUES (?, ?, ?)");
            new Values(mark).add(identity).add(sent).end();
            mark.executeUpdate();
        }
    }

    /** What was written is committed. */
    void written() {
        added.clear();
        kept.clear();
        sentChanged = false;
    }
}
