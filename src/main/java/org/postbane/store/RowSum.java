package org.postbane.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.zip.CRC32C;

/**
 * The checksum of a row: the last column of every table, as H2 finds damage in the structure of its file, but not in the
 * values. CRC-32C over all other columns in their order: numbers as 8 bytes, texts as UTF-8 and bytes with their length before them.
 */
final class RowSum {

    /** The column that holds it; null in a row that an older version wrote. */
    static final String COLUMN = "row_sum";

    private final CRC32C crc = new CRC32C();
    private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES);

    /** Values of one row, set into a statement's parameters one after the other, in the order of the table's columns. */
    static final class Values {

        private final PreparedStatement statement;
        private final RowSum sum = new RowSum();
        private int set;

        Values(PreparedStatement statement) {
            this.statement = statement;
        }

        Values add(String text) throws SQLException {
            statement.setString(++set, text);
            sum.update(text);
            return this;
        }

        Values add(long value) throws SQLException {
            statement.setLong(++set, value);
            sum.update(value);
            return this;
        }

        Values add(double value) throws SQLException {
            statement.setDouble(++set, value);
            sum.update(Double.doubleToLongBits(value));
            return this;
        }

        Values add(byte[] bytes) throws SQLException {
            statement.setBytes(++set, bytes);
            sum.update(bytes);
            return this;
        }

        /** Sets the sum as the last parameter: the row is whole. */
        void end() throws SQLException {
            statement.setInt(++set, sum.value());
        }
    }

    /** Whether the columns before the last are what they were when the row was written. */
    static boolean holds(ResultSet row, int columns) throws SQLException {
        RowSum sum = new RowSum();
        for (int i = 1; i < columns; i++) {
            Object value = row.getObject(i);
            if (value instanceof Long number) {
                sum.update(number);
            } else if (value instanceof Double number) {
                sum.update(Double.doubleToLongBits(number));
            } else if (value instanceof byte[] bytes) {
                sum.update(bytes);
            } else {
                sum.update(String.valueOf(value));
            }
        }
        int written = row.getInt(columns);
        return row.wasNull() || written == sum.value();
    }

    private void update(long value) {
        number.putLong(0, value);
        crc.update(number.array());
    }

    private void update(String text) {
        update(text.getBytes(StandardCharsets.UTF_8));
    }

    private void update(byte[] bytes) {
        update(bytes.length);
        crc.update(bytes);
    }

    private int value() {
        return (int) crc.getValue();
    }
}
