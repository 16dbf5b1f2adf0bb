package org.postbane.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Rows in aligned columns, for people. Numbers to the right; the last column is cut where the terminal ends. */
final class Table {

    private final List<String> heads = new ArrayList<>();
    private final List<Boolean> numeric = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    Table text(String head) {
        heads.add(head);
        numeric.add(false);
        return this;
    }

    Table number(String head) {
        heads.add(head);
        numeric.add(true);
        return this;
    }

    void row(Object... cells) {
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(printable(String.valueOf(cell)));
        }
        if (row.size() != heads.size()) {
            throw new IllegalArgumentException("%d cells in %d columns".formatted(row.size(), heads.size()));
        }
        rows.add(row);
    }

    /** Texts come from strangers: what could steer a terminal does not reach it. */
    static String printable(String text) {
        return text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "?");
    }

    /** @param columns width of the terminal; 0 for no limit */
    void print(PrintStream out, int columns) {
        int[] widths = new int[heads.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = heads.get(i).length();
            for (List<String> row : rows) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        print(heads, widths, out, columns);
        rows.forEach(row -> print(row, widths, out, columns));
    }

    private void print(List<String> row, int[] widths, PrintStream out, int columns) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String pad = " ".repeat(widths[i] - row.get(i).length());
            line.append(i == 0 ? "" : "  ").append(numeric.get(i) ? pad + row.get(i) : row.get(i) + pad);
        }
        String text = line.toString().stripTrailing();
        out.println(columns > 0 && text.length() > columns ? text.substring(0, columns - 1) + "…" : text);
    }
}
