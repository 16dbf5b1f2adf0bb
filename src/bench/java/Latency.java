import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;

/** {@code Latency LOG TRAP ROUNDS}: from the write of the line that convicts to the first connection that is not made. */
final class Latency {

    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx");
    private static final int WARM_UP = 20;

    public static void main(String[] args) throws Exception {
        int rounds = Integer.parseInt(args[2]);
        double[] millis = new double[rounds];
        try (Door door = new Door();
                FileChannel log = FileChannel.open(Path.of(args[0]), StandardOpenOption.APPEND)) {
            for (int i = -WARM_UP; i < rounds; i++) {
                String client = Door.address(1000 + WARM_UP + i);
                if (!door.isOpenTo(client)) {
                    throw new IllegalStateException(client + " is shut out before it did anything");
                }
                String line = OffsetDateTime.now(ZoneOffset.UTC).format(STAMP)
                        + " mx1 postfix/smtpd[4711]: NOQUEUE: reject: RCPT from unknown[" + client + "]: 550 5.1.1 <"
                        + args[1] + ">: Recipient address rejected: User unknown; from=<x@example.net> to=<" + args[1]
                        + "> proto=ESMTP helo=<x.example.net>\n";
                long written = System.nanoTime();
                log.write(ByteBuffer.wrap(line.getBytes()));
                long shut = door.shutTo(client, 10, 0.2);
                if (shut == Long.MAX_VALUE) {
                    throw new IllegalStateException(client + " was not banned within 10 s");
                }
                if (i >= 0) {
                    millis[i] = (shut - written) / 1e6;
                }
                Thread.sleep(20 + Math.floorMod(i * 7919L, 50)); // not in step with any clock of the daemon
            }
        }
        Arrays.sort(millis);
        System.out.printf(
                "%d rounds: median %.1f ms, p95 %.1f ms, max %.1f ms%n",
                rounds, millis[rounds / 2], millis[rounds * 95 / 100], millis[rounds - 1]);
    }

    private Latency() {}
}
