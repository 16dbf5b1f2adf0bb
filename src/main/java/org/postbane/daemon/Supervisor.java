package org.postbane.daemon;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postbane.host.UnixDatagrams;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service manager that has started this process and wants to hear of it, by systemd's protocol: datagrams to the socket that
 * {@code $NOTIFY_SOCKET} names (sd_notify(3)), a sign of life in time where {@code $WATCHDOG_USEC} asks for it
 * (sd_watchdog_enabled(3)). Where there is none, nothing is done and nothing loaded.
 *
 * <p>One thread, and no waiting: a datagram for which there is no room is not sent. Errors: told once; the service manager will
 * do what it does with a process that it does not hear of.
 */
public final class Supervisor {

    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);

    /** Signs of life come so often in the time that is given. */
    private static final int BEATS = 3;

    private static final Duration STATUS = Duration.ofSeconds(10);
    private static final Pattern MICROSECONDS = Pattern.compile("[0-9]{1,15}");
    private static final Pattern CONTROLS = Pattern.compile("\\p{Cntrl}+");

    private final @Nullable String socket;
    private final Optional<Duration> watchdog;
    private final long pauseNanos;
    private long lastBeat;
    private String lastStatus = "";
    private boolean failed;

    private Supervisor(@Nullable String socket, Optional<Duration> watchdog) {
        this.socket = socket;
        this.watchdog = watchdog;
        this.pauseNanos = watchdog.map(time -> time.dividedBy(BEATS))
                .filter(time -> time.compareTo(STATUS) < 0)
                .orElse(STATUS)
                .toNanos();
    }

    /** @param pid of this process; the watchdog may be meant for another one ({@code $WATCHDOG_PID}) */
    public static Supervisor of(Map<String, String> environment, long pid) {
        String socket = environment.get("NOTIFY_SOCKET");
        if (socket == null || socket.isEmpty()) {
            return new Supervisor(null, Optional.empty());
        }
        if (!socket.startsWith("/") && !socket.startsWith("@")) {
            LOG.warn("NOTIFY_SOCKET={}: expected a path or a name after @; the service manager is not told", socket);
            return new Supervisor(null, Optional.empty());
        }
        String micros = environment.getOrDefault("WATCHDOG_USEC", "");
        boolean ours =
                environment.getOrDefault("WATCHDOG_PID", String.valueOf(pid)).equals(String.valueOf(pid));
        Optional<Duration> watchdog = ours && MICROSECONDS.matcher(micros).matches()
                ? Optional.of(Duration.ofNanos(Long.parseLong(micros) * 1000)).filter(time -> !time.isZero())
                : Optional.empty();
        return new Supervisor(socket, watchdog);
    }

    /** Within what time a sign of life is expected; empty if none is. */
    public Optional<Duration> watchdog() {
        return watchdog;
    }

    /** After how long a sign of life is due again. */
    Duration pause() {
        return Duration.ofNanos(pauseNanos);
    }

    /** All is set up. */
    public void ready(String status) {
        lastBeat = System.nanoTime();
        lastStatus = clean(status);
        send("READY=1\nSTATUS=" + lastStatus);
    }

    /**
     * The caller is alive. To be called as often as it comes by; most calls do nothing.
     *
     * @param status how things are, in one line; asked for when it is time to tell
     */
    public void beat(Supplier<String> status) {
        if (socket == null || System.nanoTime() - lastBeat < pauseNanos) {
            return;
        }
        lastBeat = System.nanoTime();
        String now = clean(status.get());
        String message = watchdog.isPresent() ? "WATCHDOG=1" : "";
        if (!now.equals(lastStatus)) {
            lastStatus = now;
            message += (message.isEmpty() ? "" : "\n") + "STATUS=" + now;
        }
        if (!message.isEmpty()) {
            send(message);
        }
    }

    /** The end has begun; no sign of life will come any more. */
    public void stopping() {
        send("STOPPING=1\nSTATUS=stopping");
    }

    /** One line: a second one would be another message. */
    private static String clean(String text) {
        return CONTROLS.matcher(text).replaceAll(" ");
    }

    private void send(String message) {
        if (socket == null) {
            return;
        }
        try {
            UnixDatagrams.send(socket, message.getBytes(StandardCharsets.UTF_8));
            failed = false;
        } catch (IOException e) {
            if (!failed) {
                LOG.warn("the service manager cannot be told at {}: {}", socket, e.getMessage());
            }
            failed = true;
        }
    }
}
