package org.postbane.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Numbers and times as people read them. */
final class Texts {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

    private Texts() {}

    static String time(Instant instant) {
        return instant.equals(Instant.MAX) ? "for ever" : TIME.format(instant.atZone(ZoneId.systemDefault()));
    }

    /** {@code 6,768}. */
    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** {@code 1.2 MB}. */
    static String bytes(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes;
        String[] units = {"kB", "MB", "GB", "TB"};
        int unit = -1;
        while (value >= 999.95 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
    }

    /** The two largest units: {@code 3d 4h}, {@code 10m}, {@code 0s}. */
    static String duration(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        long[] sizes = {86_400, 3600, 60, 1};
        String[] units = {"d", "h", "m", "s"};
        StringBuilder text = new StringBuilder();
        int parts = 0;
        for (int i = 0; i < sizes.length && parts < 2; i++) {
            long amount = seconds / sizes[i];
            seconds %= sizes[i];
            if (amount > 0) {
                text.append(parts == 0 ? "" : " ").append(amount).append(units[i]);
                parts++;
            } else if (parts > 0) {
                break;
            }
        }
        return parts == 0 ? "0s" : text.toString();
    }
}
