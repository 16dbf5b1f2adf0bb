package org.postbane.source;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An alarm clock for whoever follows files: {@link #await} sleeps until one of them may have changed, until {@link #wake}, or
 * until a time has passed. Returning means "look and read", nothing more: events may be late, lost, or meaningless.
 *
 * <p>By the JDK's WatchService (inotify) on the directories of the files. Only events of a followed name, or of one that
 * begins with it (the rotated files), wake; other files in {@code /var/log} may change as they like. While a directory cannot be
 * watched (missing, or the limits of inotify are reached), which is tried again each {@link #RETRY}, {@link #await} returns after
 * {@link #SHORT_NET} at the latest.
 *
 * <p>Threads: one sleeper; {@link #wake} and {@link #close} from any thread. A daemon thread of its own takes the events.
 *
 * <p>Known shortcoming: a symbolic link is watched where it stands, not where it points to, and no file system tells of what other
 * machines write; there only the sleeper's own time wakes it.
 */
public final class DirectoryWatch implements AutoCloseable {

    static final Duration RETRY = Duration.ofSeconds(1);

    /** The longest sleep without inotify. */
    static final Duration SHORT_NET = Duration.ofMillis(100);

    private static final Logger LOG = LoggerFactory.getLogger(DirectoryWatch.class);

    /** Names of followed files by directory. */
    private volatile Map<Path, List<String>> names;

    private final Semaphore woken = new Semaphore(0);
    private final @Nullable WatchService service;

    /** The directories that are watched now. */
    private final Map<Path, WatchKey> keys = new ConcurrentHashMap<>();

    /** {@link System#nanoTime} when a directory that is not watched is tried again. */
    private long nextAttempt;

    /** @param files the followed files; they need not exist */
    public DirectoryWatch(Collection<Path> files) {
        names = byDirectory(files);
        service = newService();
        if (service != null) {
            Thread taker = new Thread(() -> takeEvents(service), "watch");
            taker.setDaemon(true);
            taker.start();
            watchMissing(service);
        }
    }

    private static Map<Path, List<String>> byDirectory(Collection<Path> files) {
        return files.stream()
                .map(Path::toAbsolutePath)
                .collect(Collectors.groupingBy(
                        Path::getParent,
                        TreeMap::new,
                        Collectors.mapping(file -> file.getFileName().toString(), Collectors.toList())));
    }

    /** From now on these files are followed, and no others. By the thread that sleeps. */
    public void follow(Collection<Path> files) {
        Map<Path, List<String>> now = byDirectory(files);
        names = now;
        keys.entrySet().removeIf(entry -> {
            boolean other = !now.containsKey(entry.getKey());
            if (other) {
                entry.getValue().cancel();
            }
            return other;
        });
        if (service != null) {
            watchMissing(service);
        }
    }

    private static @Nullable WatchService newService() {
        try {
            return FileSystems.getDefault().newWatchService();
        } catch (IOException | UnsupportedOperationException e) {
            LOG.warn(
                    "files are polled each {} ms, as the system does not tell of changes: {}",
                    SHORT_NET.toMillis(),
                    e.getMessage());
            return null;
        }
    }

    private void watchMissing(WatchService watchService) {
        for (Path directory : names.keySet()) {
            if (!keys.containsKey(directory)) {
                try {
                    keys.put(directory, directory.register(watchService, ENTRY_CREATE, ENTRY_MODIFY, ENTRY_DELETE));
                } catch (IOException e) {
                    LOG.debug("{} cannot be watched now: {}", directory, e.toString());
                }
            }
        }
        nextAttempt = System.nanoTime() + RETRY.toNanos();
    }

    /**
     * Sleeps until something may have changed.
     *
     * @param most the longest sleep
     * @return whether all of that time has passed and nothing has woken the sleeper
     */
    public boolean await(Duration most) throws InterruptedException {
        if (service != null && keys.size() < names.size() && System.nanoTime() - nextAttempt >= 0) {
            watchMissing(service);
        }
        boolean watched = service != null && keys.size() == names.size();
        long nanos = watched ? most.toNanos() : Math.min(most.toNanos(), SHORT_NET.toNanos());
        boolean early = woken.tryAcquire(Math.max(0, nanos), TimeUnit.NANOSECONDS);
        if (early) {
            woken.drainPermits();
        }
        return !early && nanos == most.toNanos();
    }

    /** Ends the sleep, or the next one if nobody sleeps. */
    public void wake() {
        if (woken.availablePermits() == 0) {
            woken.release();
        }
    }

    private void takeEvents(WatchService watchService) {
        try {
            while (true) {
                WatchKey key = watchService.take();
                Path directory = (Path) key.watchable();
                boolean ours = false;
                for (WatchEvent<?> event : key.pollEvents()) {
                    ours |= concerns(names.getOrDefault(directory, List.of()), event);
                }
                boolean stillThere = key.reset();
                if (!stillThere) {
                    keys.remove(directory, key);
                }
                if (ours || !stillThere) {
                    wake();
                }
            }
        } catch (ClosedWatchServiceException | InterruptedException e) {
            LOG.trace("watching ended", e);
        }
    }

    private static boolean concerns(List<String> followed, WatchEvent<?> event) {
        @Nullable Object context = event.context();
        return context == null // OVERFLOW: anything may have happened
                || followed.stream().anyMatch(context.toString()::startsWith);
    }

    @Override
    public void close() throws IOException {
        if (service != null) {
            service.close();
        }
    }
}
