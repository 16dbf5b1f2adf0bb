package org.postbane.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.client.Client;
import org.postbane.client.ClientProcess;
import org.postbane.testing.Needs;
import org.slf4j.LoggerFactory;

/** Both ends of the control socket, over real sockets. */
@Timeout(60)
@SuppressWarnings("try") // the daemon is there to be talked to
class ControlSocketTest {

    private static final ControlSocket.Patience SHORT =
            new ControlSocket.Patience(Duration.ofMillis(700), Duration.ofMillis(100));

    @TempDir
    Path directory;

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private Path place;
    private Path socket;

    @BeforeEach
    void listenToTheLog() {
        place = directory.resolve("run");
        socket = place.resolve("p.sock");
        log.start();
        logger().addAppender(log);
        logger().setLevel(Level.DEBUG);
        logger().setAdditive(false);
    }

    @AfterEach
    void forgetTheLog() {
        logger().detachAppender(log);
        logger().setLevel(null);
        logger().setAdditive(true);
    }

    // what a command is given and gives back

    @Test
    void args_withOddCharacters_arriveAsTheyAre() throws Exception {
        String[] args = {"", "ban", "a b", "-x\n\0\u001b[0m", "\u00e4\u20ac\ud83d\ude00", "'; DROP TABLE \"", ""};
        AtomicReference<List<String>> got = new AtomicReference<>();

        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            got.set(words);
            return 0;
        })) {
            assertEquals(0, run(args).status());
        }

        assertEquals(List.of(args), got.get());
    }

    @Test
    void args_asManyAndLongAsAllowed_arrive() throws Exception {
        String[] args = new String[1024];
        Arrays.fill(args, "x".repeat(64));
        AtomicReference<List<String>> got = new AtomicReference<>();

        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            got.set(words);
            return 0;
        })) {
            assertEquals(0, run(args).status());
        }

        assertEquals(List.of(args), got.get());
    }

    @Test
    void args_tooManyOrTooLong_areRefusedByTheClient() throws Exception {
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> 0)) {
            String[] many = new String[1025];
            Arrays.fill(many, "x");

            Answer tooMany = run(many);
            Answer tooLong = run("x".repeat(64 * 1024), "y");

            assertEquals(64, tooMany.status());
            assertEquals(64, tooLong.status());
            assertEquals(1, tooLong.err().lines().count());
        }
    }

    @Test
    void columns_andStatus_passThrough() throws Exception {
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> columns)) {
            ByteArrayOutputStream none = new ByteArrayOutputStream();

            assertEquals(132, Client.run(socket, new String[0], 132, none, none));
            assertEquals(0, Client.run(socket, new String[0], 0, none, none));
            assertEquals(65535, Client.run(socket, new String[0], 65535, none, none));
            assertThrows(IllegalArgumentException.class, () -> Client.run(socket, new String[0], 65536, none, none));
        }
    }

    @Test
    void output_tenMebibytesOnBothStreams_arrivesWhole() throws Exception {
        byte[] out = randomBytes(1, 10 << 20);
        byte[] err = randomBytes(2, 10 << 20);
        ByteArrayOutputStream gotOut = new ByteArrayOutputStream();
        ByteArrayOutputStream gotErr = new ByteArrayOutputStream();

        int status;
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, o, e) -> {
            int step = 70_001; // more than a frame, and no multiple of one
            for (int at = 0; at < out.length; at += step) {
                o.write(out, at, Math.min(step, out.length - at));
                e.write(err, at, Math.min(step, err.length - at));
            }
            return 3;
        })) {
            status = Client.run(socket, new String[] {"list"}, 0, gotOut, gotErr);
        }

        assertEquals(3, status);
        assertArrayEquals(out, gotOut.toByteArray());
        assertArrayEquals(err, gotErr.toByteArray());
    }

    @Test
    void output_onBothStreams_keepsItsOrder() throws Exception {
        ByteArrayOutputStream terminal = new ByteArrayOutputStream();

        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            out.write("1 ".getBytes(UTF_8));
            err.write("2 ".getBytes(UTF_8));
            out.write('3');
            return 0;
        })) {
            Client.run(socket, new String[0], 0, terminal, terminal);
        }

        assertEquals("1 2 3", terminal.toString(UTF_8));
    }

    @Test
    void output_flushed_arrivesBeforeTheEnd() throws Exception {
        CountDownLatch seen = new CountDownLatch(1);

        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            out.write('x');
            out.flush();
            return await(seen) ? 0 : 9;
        })) {
            OutputStream out = new OutputStream() {
                @Override
                public void write(int b) {
                    seen.countDown();
                }
            };

            assertEquals(0, Client.run(socket, new String[0], 0, out, out));
        }
    }

    @Test
    void command_thatFails_isToldInOneLine() throws Exception {
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            if (words.contains("bug")) {
                throw new IllegalStateException("secret");
            }
            throw new IOException("disk\nfull");
        })) {
            Answer outside = run("x");
            Answer bug = run("bug");

            assertEquals(1, outside.status());
            assertEquals("postbane: java.io.IOException: disk full\n", outside.err());
            assertEquals(1, bug.status());
            assertEquals("postbane: internal error, see the daemon's log\n", bug.err());
            assertEquals(1, traces());
        }
    }

    // the file

    @Test
    void socketAndDirectory_whenMade_areClosedToOthers() throws Exception {
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> 0)) {
            assertEquals("rwxr-x---", mode(place));
            assertEquals("rw-rw----", mode(socket));
            assertEquals(List.of("p.sock"), names(place));
        }

        assertEquals(List.of(), names(place));
    }

    @Test
    void socket_inDirectoryOfAnotherGroup_isOfThatGroup() throws Exception {
        Needs.root("giving a directory to a foreign group");
        Files.createDirectory(place);
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-x---"));
        Files.setAttribute(place, "unix:gid", 65534);

        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> 0)) {
            assertEquals(65534, Files.getAttribute(socket, "unix:gid"));
        }
    }

    @Test
    void directory_writableByOthers_isRefused() throws Exception {
        Files.createDirectory(place);
        for (String mode : List.of("rwxr-xrwx", "rwxrwxr-x")) {
            Files.setPosixFilePermissions(place, PosixFilePermissions.fromString(mode));

            IOException refusal = assertThrows(IOException.class, this::open);

            assertTrue(refusal.toString().contains(mode), refusal.toString());
            assertEquals(List.of(), names(place));
        }
    }

    @Test
    void directory_ofAnotherUser_isRefused() throws Exception {
        Needs.root("giving a directory away");
        Files.createDirectory(place);
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-x---"));
        Files.setAttribute(place, "unix:uid", 65534);

        IOException refusal = assertThrows(IOException.class, this::open);

        assertTrue(refusal.toString().contains("belongs to"), refusal.toString());
        assertEquals(List.of(), names(place));
    }

    @Test
    void file_thatIsNoSocket_isNotReplaced() throws Exception {
        Files.createDirectory(place);
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-x---"));
        Files.writeString(socket, "precious");

        assertThrows(IOException.class, this::open);

        assertEquals("precious", Files.readString(socket));
    }

    @Test
    void socket_ofADeadDaemon_isReplaced() throws Exception {
        leaveSocketBehind();
        assertEquals(Client.NO_DAEMON, run("status").status());

        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> 5)) {
            assertEquals(5, run("status").status());
        }
    }

    @Test
    void socket_ofALivingDaemon_isLeftToIt() throws Exception {
        try (ControlSocket first = ControlSocket.open(socket, (words, columns, out, err) -> 1)) {
            IOException refusal = assertThrows(IOException.class, this::open);

            assertEquals("another daemon answers on " + socket, refusal.getMessage());
            assertEquals(1, run("status").status());
        }
    }

    @Test
    void close_whenAnotherTookTheName_leavesItsFile() throws Exception {
        ControlSocket first = open();
        Files.delete(socket);
        try (ControlSocket second = ControlSocket.open(socket, (words, columns, out, err) -> 2)) {
            first.close();

            assertEquals(2, run("status").status());
        }
    }

    @Test
    void client_whereNoDaemonIs_saysSoSilently() throws Exception {
        Answer missing = run("status");
        Files.createDirectory(place);
        Answer empty = run("status");

        assertEquals(new Answer(Client.NO_DAEMON, "", ""), missing);
        assertEquals(new Answer(Client.NO_DAEMON, "", ""), empty);
    }

    // hostile and broken clients

    @Test
    void request_ofGarbage_hurtsNobody() throws Exception {
        Random random = new Random(20261121);
        AtomicInteger commands = new AtomicInteger();
        try (ControlSocket daemon = ControlSocket.open(
                socket,
                (words, columns, out, err) -> {
                    commands.incrementAndGet();
                    return 0;
                },
                SHORT)) {
            for (int i = 0; i < 200; i++) {
                byte[] garbage = new byte[1 + random.nextInt(3000)];
                random.nextBytes(garbage);
                if (i % 2 == 0) {
                    garbage[0] = (byte) 0xB1;
                }
                try (SocketChannel client = connect()) {
                    client.write(ByteBuffer.wrap(garbage));
                } catch (IOException e) {
                    // the daemon may hang up first
                }
            }

            assertEquals(0, run("status").status());
        }

        assertEquals(0, traces());
    }

    @Test
    void request_ofAnotherVersion_isToldBoth() throws Exception {
        try (ControlSocket daemon = open();
                SocketChannel client = connect()) {
            client.write(ByteBuffer.wrap(new byte[] {(byte) 0xB2, 0, 0, 0, 0}));

            ByteBuffer answer = readAll(client);

            assertEquals((byte) 0xB1, answer.get());
            assertEquals(2, answer.get());
            String text = UTF_8.decode(answer).toString();
            assertTrue(text.contains("another version"), text);
            assertEquals(69, answer.getInt(answer.limit() - 4));
        }
    }

    @Test
    void answer_ofAnotherVersion_isToldInOneLine() throws Exception {
        Answer answer = runAgainst(new byte[] {(byte) 0xB2, 3, 0, 0, 0, 4, 0, 0, 0, 0});

        assertEquals(69, answer.status());
        assertTrue(answer.err().contains("another version"), answer.err());
        assertEquals(1, answer.err().lines().count());
    }

    @Test
    void answer_ofGarbage_isAnIOException() {
        byte[][] garbage = {
            {},
            {(byte) 0xB1},
            {(byte) 0xB1, 1, 0, 0, 0, 4, 'x'},
            {(byte) 0xB1, 7, 0, 0, 0, 0},
            {(byte) 0xB1, 1, -1, -1, -1, -1},
            {(byte) 0xB1, 2, 127, 0, 0, 0},
            {(byte) 0xB1, 3, 0, 0, 0, 5, 0, 0, 0, 0, 0},
        };
        for (byte[] answer : garbage) {
            assertThrows(IOException.class, () -> runAgainst(answer), Arrays.toString(answer));
        }
    }

    @Test
    void request_beyondALimit_isRefused() throws Exception {
        AtomicInteger commands = new AtomicInteger();
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            commands.incrementAndGet();
            return 0;
        })) {
            byte[][] requests = {
                {(byte) 0xB1, 0, 0, 4, 1}, // 1025 words
                {(byte) 0xB1, 0, 0, 0, 1, 0x7F, -1, -1, -1}, // of 2 GiB
                {(byte) 0xB1, 0, 0, 0, 1, -1, -1, -1, -1}, // of -1
                {(byte) 0xB1, 0, 0, 0, 1, 0, 1, 0, 1}, // of 64 KiB and a byte
                {(byte) 0xB1, 0, 0, 0, 1, 0, 0, 0, 1, (byte) 0xC3}, // half a letter
            };
            for (byte[] request : requests) {
                try (SocketChannel client = connect()) {
                    client.write(ByteBuffer.wrap(request));
                    ByteBuffer answer = readAll(client);
                    assertEquals(64, answer.getInt(answer.limit() - 4), Arrays.toString(request));
                }
            }
        }

        assertEquals(0, commands.get());
    }

    @Test
    void request_neverFinished_isCutOff() throws Exception {
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> 0, SHORT);
                SocketChannel client = connect()) {
            client.write(ByteBuffer.wrap(new byte[] {(byte) 0xB1, 0}));

            assertTimeoutPreemptively(
                    Duration.ofSeconds(10),
                    () -> assertEquals(0, readAll(client).limit()));
        }
    }

    @Test
    void slowClients_moreThanPlaces_lockNobodyOut() throws Exception {
        List<SocketChannel> slow = new ArrayList<>();
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> 4, SHORT)) {
            for (int i = 0; i < 2 * ControlSocket.PLACES; i++) {
                slow.add(connect());
            }

            assertEquals(4, run("status").status());
            assertTrue(controlThreads() <= ControlSocket.PLACES + 1, "threads: " + controlThreads());
        } finally {
            for (SocketChannel client : slow) {
                client.close();
            }
        }
    }

    @Test
    void clientsThatDoNotRead_onAllPlaces_makeRoomForOneWhoDoes() throws Exception {
        List<SocketChannel> deaf = new ArrayList<>();
        byte[] much = new byte[4 << 20];
        try (ControlSocket daemon = ControlSocket.open(
                socket,
                (words, columns, out, err) -> {
                    if (words.contains("list")) {
                        out.write(much);
                    }
                    return 4;
                },
                SHORT)) {
            for (int i = 0; i < ControlSocket.PLACES; i++) {
                SocketChannel client = connect();
                deaf.add(client);
                client.write(request("list"));
            }

            assertEquals(4, run("status").status());
        } finally {
            for (SocketChannel client : deaf) {
                client.close();
            }
        }
        assertEquals(0, traces());
    }

    @Test
    void clientThatDoesNotRead_whileThereIsRoom_isWaitedFor() throws Exception {
        byte[] much = new byte[4 << 20];
        try (ControlSocket daemon = ControlSocket.open(
                        socket,
                        (words, columns, out, err) -> {
                            out.write(much);
                            return 0;
                        },
                        SHORT);
                SocketChannel pager = connect()) {
            pager.write(request("list"));
            TimeUnit.MILLISECONDS.sleep(1500); // far beyond both limits

            ByteBuffer answer = readAll(pager);

            assertTrue(answer.limit() > much.length, "only " + answer.limit() + " bytes");
            assertEquals(0, answer.getInt(answer.limit() - 4));
        }
    }

    @Test
    void clientGone_whileItsCommandWrites_endsTheCommandQuietly() throws Exception {
        CompletableFuture<Exception> ended = new CompletableFuture<>();
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            if (words.contains("status")) {
                return 0;
            }
            try {
                while (true) {
                    out.write(new byte[1000]);
                }
            } catch (IOException e) {
                ended.complete(e);
                throw e;
            }
        })) {
            SocketChannel client = connect();
            client.write(request("list"));
            readSome(client);
            client.close();

            Exception end = ended.get(10, TimeUnit.SECONDS);
            assertTrue(end instanceof IOException, end.toString());
            assertEquals(0, run("status").status());
        }
        assertEquals(0, traces());
        assertFalse(
                log.list.stream().anyMatch(line -> line.getLevel().isGreaterOrEqual(Level.INFO)), log.list.toString());
    }

    @Test
    void clients_manyAtOnce_areAllServed() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        ExecutorService crowd = Executors.newFixedThreadPool(40);
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            byte[] line = (words.get(0) + "\n").getBytes(UTF_8);
            for (int i = 0; i < 2000; i++) {
                out.write(line);
            }
            now.decrementAndGet();
            return Integer.parseInt(words.get(0)) % 100;
        })) {
            List<Future<Answer>> answers = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                String number = String.valueOf(i);
                answers.add(crowd.submit(() -> run(number)));
            }

            for (int i = 0; i < 400; i++) {
                assertEquals(
                        new Answer(i % 100, (i + "\n").repeat(2000), ""),
                        answers.get(i).get());
            }
        } finally {
            crowd.shutdownNow();
        }
        assertTrue(most.get() <= ControlSocket.PLACES, "at once: " + most);
    }

    // the end

    @Test
    void close_withClientsInEveryState_isPrompt() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            started.countDown();
            while (true) {
                out.write(new byte[1000]);
            }
        });
        try (SocketChannel silent = connect();
                SocketChannel deaf = connect()) {
            deaf.write(request("list"));
            assertTrue(await(started));

            assertTimeoutPreemptively(Duration.ofMillis(1500), daemon::close);
            daemon.close();

            assertEquals(0, readAll(silent).limit());
            assertFalse(Files.exists(socket));
            assertEquals(Client.NO_DAEMON, run("status").status());
        }
    }

    @Test
    void close_whileACommandRuns_doesNotInterruptIt() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            started.countDown();
            await(go);
            interrupted.complete(Thread.currentThread().isInterrupted());
            return 0;
        });
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            Future<Answer> answer = other.submit(() -> run("slow"));
            assertTrue(await(started));

            daemon.close(); // waits for the command, but not for ever
            go.countDown();

            Exception failure = assertThrows(Exception.class, answer::get);
            assertTrue(failure.toString().contains("hung up"), failure.toString());
            assertFalse(interrupted.get(10, TimeUnit.SECONDS), "an interrupt closes the database's file");
        } finally {
            other.shutdownNow();
        }
    }

    // other users and other machines

    @Test
    void client_withItsOwnClassesOnly_works() throws Exception {
        try (ControlSocket daemon = ControlSocket.open(socket, (words, columns, out, err) -> {
            out.write(String.join(",", words).getBytes(UTF_8));
            err.write('!');
            return 42;
        })) {
            Path classes = clientClasses(directory.resolve("classes"));

            Answer answer = exec(List.of(
                    java(),
                    "-cp",
                    classes.toString(),
                    ClientProcess.class.getName(),
                    socket.toString(),
                    "ban",
                    "192.0.2.1"));

            assertEquals(new Answer(42, "ban,192.0.2.1", "!"), answer);
        }
    }

    @Test
    void client_ofAStranger_isStoppedByTheKernel() throws Exception {
        Path classes = strangersClasses();
        try (ControlSocket daemon = open()) {
            Answer answer = execAs(List.of("--reuid=65534", "--regid=65534", "--clear-groups"), classes);

            assertEquals(77, answer.status());
            assertEquals("postbane: not allowed to open " + socket + "\n", answer.err());
        }
    }

    @Test
    void client_ofAStranger_whereSomebodyOpenedTheDoor_isRefusedByTheDaemon() throws Exception {
        Path classes = strangersClasses();
        try (ControlSocket daemon = open()) {
            Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));

            Answer answer = execAs(List.of("--reuid=65534", "--regid=65534", "--clear-groups"), classes);

            assertEquals(77, answer.status());
            assertEquals("postbane: not allowed\n", answer.err());
            assertEquals(0, run("status").status());
        }
    }

    @Test
    void client_ofAGroupMember_isServed() throws Exception {
        Path classes = strangersClasses();
        Files.createDirectory(place);
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-x---"));
        Files.setAttribute(place, "unix:gid", 54321);
        try (ControlSocket daemon = open()) {
            Answer primary = execAs(List.of("--reuid=65534", "--regid=54321", "--clear-groups"), classes);
            Answer supplementary = execAs(List.of("--reuid=65534", "--regid=65534", "--groups=54321"), classes);

            assertEquals(new Answer(0, "", ""), primary);
            assertEquals(new Answer(0, "", ""), supplementary);
        }
    }

    // making and doing

    private record Answer(int status, String out, String err) {}

    private ControlSocket open() throws IOException {
        return ControlSocket.open(socket, (words, columns, out, err) -> 0);
    }

    private Answer run(String... args) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Client.run(socket, args, 80, out, err);
        return new Answer(status, out.toString(UTF_8), err.toString(UTF_8));
    }

    /** Runs the client against something that answers {@code bytes} and hangs up. */
    private Answer runAgainst(byte[] bytes) throws Exception {
        Path fake = directory.resolve("fake.sock");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(fake));
            Thread answering = new Thread(() -> {
                try (SocketChannel client = server.accept()) {
                    client.write(ByteBuffer.wrap(bytes));
                    client.shutdownOutput();
                    readAll(client);
                } catch (IOException e) {
                    log.stop(); // the client hung up first, as it may
                }
            });
            answering.start();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            int status = Client.run(fake, new String[] {"status"}, 0, out, err);
            answering.join();
            return new Answer(status, out.toString(UTF_8), err.toString(UTF_8));
        } finally {
            Files.deleteIfExists(fake);
        }
    }

    private SocketChannel connect() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(socket));
    }

    private static ByteBuffer request(String word) {
        byte[] bytes = word.getBytes(UTF_8);
        return ByteBuffer.allocate(9 + bytes.length)
                .put((byte) 0xB1)
                .putShort((short) 0)
                .putShort((short) 1)
                .putInt(bytes.length)
                .put(bytes)
                .flip();
    }

    private static ByteBuffer readAll(SocketChannel client) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
        while (client.read(buffer) >= 0) {
            all.write(buffer.array(), 0, buffer.position());
            buffer.clear();
        }
        return ByteBuffer.wrap(all.toByteArray());
    }

    private static void readSome(SocketChannel client) throws IOException {
        assertTrue(client.read(ByteBuffer.allocate(1000)) > 0);
    }

    private void leaveSocketBehind() throws IOException {
        Files.createDirectory(place);
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-x---"));
        ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        dead.bind(UnixDomainSocketAddress.of(socket));
        dead.close(); // the file stays
        assertTrue(Files.exists(socket));
    }

    private Answer execAs(List<String> who, Path classes) throws Exception {
        List<String> command = new ArrayList<>(List.of("setpriv"));
        command.addAll(who);
        command.addAll(
                List.of(java(), "-cp", classes.toString(), ClientProcess.class.getName(), socket.toString(), "status"));
        return exec(command);
    }

    private Answer exec(List<String> command) throws Exception {
        Path out = directory.resolve("stdout");
        Path err = directory.resolve("stderr");
        Process process = new ProcessBuilder(command)
                .directory(new File("/"))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        assertTrue(process.waitFor(30, TimeUnit.SECONDS), command.toString());
        return new Answer(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** The client&apos;s classes where everybody can read them. */
    private Path strangersClasses() throws Exception {
        Needs.root("becoming another user");
        Needs.program("setpriv", "util-linux");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        return clientClasses(directory.resolve("classes"));
    }

    private static Path clientClasses(Path to) throws Exception {
        for (Class<?> type : List.of(Client.class, ClientProcess.class)) {
            Path from = Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
            String name = type.getName().replace('.', '/') + ".class";
            Files.createDirectories(to.resolve(name).getParent());
            Files.copy(from.resolve(name), to.resolve(name));
        }
        return to;
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static boolean await(CountDownLatch latch) throws IOException {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static byte[] randomBytes(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(
                Files.readAttributes(path, PosixFileAttributes.class).permissions());
    }

    private static List<String> names(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static long controlThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("control-"))
                .count();
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger("org.postbane.daemon");
    }

    private long traces() {
        return log.list.stream()
                .filter(line -> line.getThrowableProxy() != null)
                .count();
    }
}
