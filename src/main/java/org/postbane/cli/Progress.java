package org.postbane.cli;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** One line on the terminal that says how far a long reading is; nothing where standard output is no terminal. */
final class Progress {

    private static final int LOOK = 1 << 16; // lines between two looks at the clock
    private static final long FIRST_MILLIS = 1000;
    private static final long EACH_MILLIS = 250;

    private final PrintStream out;
    private final boolean shown;
    private final long total;
    private long lines;
    private long bytes;
    private long nextMillis;
    private boolean printed;

    /** @param logs of which the sizes are added up; 0 if one is not plain, as then nobody knows how much is to come */
    Progress(PrintStream out, boolean shown, List<String> logs) {
        this.out = out;
        this.shown = shown;
        this.total = shown ? size(logs) : 0;
        this.nextMillis = System.currentTimeMillis() + FIRST_MILLIS;
    }

    private static long size(List<String> logs) {
        long sum = 0;
        for (String log : logs) {
            Path path = Path.of(log);
            if (log.endsWith(".gz") || log.endsWith(".zst") || !Files.isRegularFile(path)) {
                return 0;
            }
            sum += path.toFile().length();
        }
        return sum;
    }

    void line(int length) {
        lines++;
        bytes += length + 1;
        if (shown && (lines & LOOK - 1) == 0 && System.currentTimeMillis() >= nextMillis) {
            nextMillis = System.currentTimeMillis() + EACH_MILLIS;
            printed = true;
            String share = total > 0 ? ", " + Math.min(100, bytes * 100 / total) + " %" : "";
            out.print("\r" + Texts.count(lines) + " lines" + share);
            out.flush();
        }
    }

    void done() {
        if (printed) {
            out.print("\r" + " ".repeat(40) + "\r");
            out.flush();
        }
    }
}
