package org.postbane.daemon;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket on which the running agent takes commands. The protocol is described in {@code org.postbane.client.Client}, who
 * may connect in {@link SocketFile}.
 *
 * <p>One thread accepts and watches the limits; each of at most eight clients has a thread while it is served, and the rest
 * wait in the kernel&apos;s queue. Threads end when there is nothing to do. Memory: about 100 KiB for each client that is
 * served.
 *
 * <p>A client must have sent its request within 5 s. One that does not read its answer (a pager) keeps its place for as long
 * as nobody else needs it; when all places are taken and another client waits, the one that has read nothing for the longest
 * time, and for 10 s at least, is cut off.
 *
 * <p>Errors of clients are theirs alone. A socket that cannot accept (no file descriptors) is tried again each second, with a
 * warning. Running commands are never interrupted, not even by {@link #close}: an interrupt would close the database&apos;s
 * file under the hands of a thread that writes it.
 *
 * <p>Shortcoming: eight commands that run for ever lock everybody out; a command must end by itself.
 */
public final class ControlSocket implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ControlSocket.class);

    static final int PLACES = 8;
    private static final int WATCH_MILLIS = 250;
    private static final Duration ACCEPT_AGAIN = Duration.ofSeconds(1);
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    /**
     * How patient the daemon is with its clients.
     *
     * @param request longest time from the connection to the end of the request
     * @param stall shortest time without reading after which a client may have to make room
     */
    record Patience(Duration request, Duration stall) {}

    private final SocketFile file;
    private final CommandHandler handler;
    private final Patience patience;
    private final Selector selector;
    private final Semaphore places = new Semaphore(PLACES);
    private final ThreadPoolExecutor servers;
    private final Set<Conversation> conversations = ConcurrentHashMap.newKeySet();
    private final Thread acceptor;
    private volatile boolean closing;

    private ControlSocket(SocketFile file, Selector selector, CommandHandler handler, Patience patience) {
        this.file = file;
        this.selector = selector;
        this.handler = handler;
        this.patience = patience;
        AtomicInteger number = new AtomicInteger();
        // The queue is never longer than the places: a client waits in the kernel, not here.
        servers = new ThreadPoolExecutor(PLACES, PLACES, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            return daemonThread(task, "control-" + number.incrementAndGet());
        });
        servers.allowCoreThreadTimeOut(true);
        acceptor = daemonThread(this::acceptAll, "control-accept");
    }

    /**
     * Listens on {@code socket} and answers from now on.
     *
     * @throws IOException another daemon answers there, its directory is not safe, or the system refuses; the message is for
     *     the operator
     */
    public static ControlSocket open(Path socket, CommandHandler handler) throws IOException {
        return open(socket, handler, new Patience(Duration.ofSeconds(5), Duration.ofSeconds(10)));
    }

    static ControlSocket open(Path socket, CommandHandler handler, Patience patience) throws IOException {
        Selector selector = Selector.open();
        SocketFile file;
        try {
            file = SocketFile.listen(socket);
        } catch (IOException e) {
            selector.close();
            throw e;
        }
        file.server().configureBlocking(false);
        file.server().register(selector, SelectionKey.OP_ACCEPT);
        ControlSocket control = new ControlSocket(file, selector, handler, patience);
        control.acceptor.start();
        return control;
    }

    /**
     * Removes the socket&apos;s file, hangs up on all clients, and waits for running commands to notice, 2 s at most. Does
     * nothing the second time.
     */
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        selector.wakeup();
        try {
            file.remove();
        } catch (IOException e) {
            LOG.warn("control socket: cannot remove {}: {}", file.path(), e.toString());
        }
        try {
            acceptor.join();
            conversations.forEach(Conversation::cut);
            servers.shutdown();
            if (!servers.awaitTermination(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("control socket: a command is still running");
            }
        } catch (InterruptedException e) {
            conversations.forEach(Conversation::cut);
            servers.shutdown();
            Thread.currentThread().interrupt();
        }
    }

    private void acceptAll() {
        try (selector;
                ServerSocketChannel server = file.server()) {
            while (!closing) {
                selector.select(conversations.isEmpty() ? 0 : WATCH_MILLIS); // 0: until a client comes, or close()
                selector.selectedKeys().clear();
                watch();
                acceptOne(server);
            }
        } catch (IOException e) {
            LOG.error("control socket: no longer answering", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody of ours does that: whoever did wants us to stop
        }
    }

    private void acceptOne(ServerSocketChannel server) throws InterruptedException {
        SocketChannel client;
        try {
            client = server.accept();
        } catch (IOException e) {
            LOG.warn("control socket: cannot accept: {}", e.toString());
            TimeUnit.MILLISECONDS.sleep(ACCEPT_AGAIN.toMillis());
            return;
        }
        if (client == null) {
            return;
        }
        Conversation conversation = new Conversation(client, file, handler);
        while (!places.tryAcquire(WATCH_MILLIS, TimeUnit.MILLISECONDS)) {
            if (closing) {
                conversation.cut();
                return;
            }
            watch();
            makeRoom();
        }
        conversations.add(conversation);
        servers.execute(() -> serve(conversation));
    }

    private void serve(Conversation conversation) {
        try {
            conversation.run();
        } finally {
            conversations.remove(conversation);
            places.release();
        }
    }

    private void watch() {
        for (Conversation conversation : conversations) {
            if (conversation.overdue(patience.request())) {
                conversation.cut();
            }
        }
    }

    private void makeRoom() {
        Conversation idlest = null;
        long longest = patience.stall().toNanos();
        for (Conversation conversation : conversations) {
            long stalled = conversation.stalledNanos();
            if (stalled > longest) {
                idlest = conversation;
                longest = stalled;
            }
        }
        if (idlest != null) {
            LOG.info("control socket: cut off a client that does not read its answer");
            idlest.cut();
        }
    }

    private static Thread daemonThread(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }
}
