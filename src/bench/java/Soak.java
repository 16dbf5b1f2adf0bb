import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * Writes a long log while a daemon follows it, rotates it in every way, and prints what the daemon takes: {@code
 * Soak PID LOG SAMPLE LINES ROTATIONS STATUS-COMMAND...}. SAMPLE is written again and again, with queue ids, message ids and
 * clients of its own each time; the clients come back after 256 rounds, as those of a real server do. Exit status 1 if the
 * daemon did not count each line once.
 */
final class Soak {

    private static final int TENTHS = 10;

    /** At most; a thousand is a very busy server. More than the daemon reads would only measure how much it remembers of 10 s. */
    private static final int LINES_A_SECOND = Integer.getInteger("rate", 20_000);

    private static final int ROUNDS_OF_CLIENTS = 256;
    private static final String DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"; // of long queue ids
    private static final Pattern VARIES = Pattern.compile("\\b[0-9][0-9A-Za-z]{14}\\b"
            + "|\\b[0-9A-F]{10,12}(?=[:)])"
            + "|(?<=message-id=<)"
            + "|\\b(?:192\\.0\\.2|198\\.51\\.100|203\\.0\\.113)\\.\\d+\\b");
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("MMM ppd HH:mm:ss", Locale.ROOT);
    private static final int STAMP_LENGTH = 15;

    /** One line of the sample behind its stamp: fixed text, and between each two of them something that varies. */
    private record Template(List<String> fixed, List<String> varying) {

        static Template of(String line) {
            List<String> fixed = new ArrayList<>();
            List<String> varying = new ArrayList<>();
            Matcher matcher = VARIES.matcher(line);
            int from = 0;
            while (matcher.find()) {
                fixed.add(line.substring(from, matcher.start()));
                varying.add(matcher.group());
                from = matcher.end();
            }
            fixed.add(line.substring(from));
            return new Template(fixed, varying);
        }

        void append(StringBuilder text, int round) {
            for (int i = 0; i < varying.size(); i++) {
                text.append(fixed.get(i));
                String word = varying.get(i);
                if (word.isEmpty()) {
                    text.append(round).append('.');
                } else if (word.indexOf('.') > 0) {
                    text.append("100.64.")
                            .append(round % ROUNDS_OF_CLIENTS)
                            .append(word, word.lastIndexOf('.'), word.length());
                } else {
                    boolean hex = word.length() < 15;
                    int base = hex ? 16 : DIGITS.length();
                    String digits = hex ? "0123456789ABCDEF" : DIGITS;
                    text.append(word.charAt(0));
                    int left = round;
                    for (int n = 0; n < 4; n++, left /= base) {
                        text.append(digits.charAt(left % base));
                    }
                    text.append(word, 5, word.length());
                }
            }
            text.append(fixed.get(fixed.size() - 1));
        }
    }

    private final long pid;
    private final Path log;
    private final long begun = System.nanoTime();
    private int rotations;
    private OutputStream out = OutputStream.nullOutputStream();

    private Soak(long pid, Path log) {
        this.pid = pid;
        this.log = log;
    }

    public static void main(String[] args) throws Exception {
        Soak soak = new Soak(Long.parseLong(args[0]), Path.of(args[1]));
        List<String> status = List.of(args).subList(5, args.length);
        long lines = Long.parseLong(args[3]);
        if (!soak.run(Path.of(args[2]), lines, Integer.parseInt(args[4]), status)) {
            System.exit(1);
        }
    }

    private boolean run(Path sample, long lines, int most, List<String> status) throws Exception {
        List<Template> templates;
        try (Stream<String> read = Files.lines(sample)) {
            templates =
                    read.map(line -> Template.of(line.substring(STAMP_LENGTH))).toList();
        }
        say("start", 0);
        long written = 0;
        long bytes = 0;
        StringBuilder text = new StringBuilder();
        open();
        for (int round = 0; written < lines; round++) {
            text.setLength(0);
            String stamp = STAMP.format(Instant.now().atOffset(ZoneOffset.UTC));
            long before = written;
            for (Template template : templates) {
                if (written == lines) {
                    break;
                }
                text.append(stamp);
                template.append(text, round);
                text.append('\n');
                written++;
            }
            byte[] block = text.toString().getBytes(StandardCharsets.UTF_8);
            out.write(block);
            bytes += block.length;
            out.flush();
            long early = written * 1000 / LINES_A_SECOND - (System.nanoTime() - begun) / 1_000_000;
            if (early > 0) {
                Thread.sleep(early);
            }
            if (written * most / lines > before * most / lines && rotations < most) {
                rotate();
            }
            if (written * TENTHS / lines > before * TENTHS / lines) {
                say("%d0 %% written".formatted(written * TENTHS / lines), written);
            }
        }
        out.close();
        System.out.printf(
                "%d lines, %d bytes each, %d rotations in %d s%n", written, bytes / written, rotations, seconds());
        long counted = 0;
        for (int i = 0; i < 3600 && counted < written && ProcessHandle.of(pid).isPresent(); i++) {
            Thread.sleep(1000);
            if (i % 10 == 0) {
                say("reading on", counted);
            }
            counted = counted(status);
        }
        Thread.sleep(15_000); // more than it should be
        counted = counted(status);
        say("all read", counted);
        System.out.printf("written %d, counted %d: %s%n", written, counted, counted == written ? "equal" : "NOT EQUAL");
        return counted == written;
    }

    private static long counted(List<String> status) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(status)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String json = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor(1, TimeUnit.MINUTES);
        Matcher matcher = Pattern.compile("\"lines\":\\s*(\\d+)").matcher(json);
        return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
    }

    private void open() throws IOException {
        out = new BufferedOutputStream(
                Files.newOutputStream(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND), 1 << 16);
    }

    /** In turn: renamed and packed at once; copied and truncated; renamed and created later; copied, packed and truncated; by date. */
    private void rotate() throws IOException, InterruptedException {
        int kind = rotations++ % 5;
        out.flush();
        for (int n = rotations; n >= 1; n--) {
            for (String packing : List.of("", ".gz")) {
                Path from = log.resolveSibling("mail.log." + n + packing);
                if (kind < 4 && Files.exists(from)) {
                    Files.move(from, log.resolveSibling("mail.log." + (n + 1) + packing));
                }
            }
        }
        Path first = log.resolveSibling(
                kind < 4 ? "mail.log.1" : "mail.log-202611%02d%02d".formatted(rotations / 60, rotations % 60));
        if (kind == 1 || kind == 3) {
            Files.copy(log, first);
            FileChannel.open(log, StandardOpenOption.WRITE).truncate(0).close();
        } else {
            Files.move(log, first);
            if (kind == 2) {
                Thread.sleep(300);
            }
            out.close();
            open();
        }
        if (kind == 0 || kind == 3) {
            Path packed = first.resolveSibling(first.getFileName() + ".gz");
            try (OutputStream gz = new GZIPOutputStream(Files.newOutputStream(packed), 1 << 16)) {
                Files.copy(first, gz);
            }
            Files.setLastModifiedTime(packed, Files.getLastModifiedTime(first));
            Files.delete(first);
        }
    }

    private long seconds() {
        return (System.nanoTime() - begun) / 1_000_000_000L;
    }

    /** One line of figures, of the daemon. */
    private void say(String when, long lines) throws IOException {
        double rss = 0;
        double peak = 0;
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            String[] words = line.split("\\s+");
            rss = line.startsWith("VmRSS") ? Long.parseLong(words[1]) / 1024.0 : rss;
            peak = line.startsWith("VmHWM") ? Long.parseLong(words[1]) / 1024.0 : peak;
        }
        String[] stat = Files.readString(Path.of("/proc/" + pid + "/stat"))
                .replaceFirst(".*\\) ", "")
                .split(" ");
        double cpu = (Long.parseLong(stat[11]) + Long.parseLong(stat[12])) / 100.0;
        Path state = log.resolveSibling("state.mv.db");
        System.out.printf(
                Locale.ROOT,
                "%5d s  %-14s %9d lines  resident %5.1f MiB (most %5.1f)  CPU %6.1f s  state %5.1f MiB%n",
                seconds(),
                when,
                lines,
                rss,
                peak,
                cpu,
                Files.exists(state) ? Files.size(state) / 1048576.0 : 0);
    }
}
