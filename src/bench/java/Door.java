import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;

/**
 * A listener on port 25 of this network namespace, and knocks on it from any of the addresses of 198.18.0.0/15 (RFC 2544), which
 * are all local here: whether a ban holds is seen by a connection that is not made.
 */
final class Door implements AutoCloseable {

    private static final int SHUT_MILLIS = 150; // the kernel sends a second SYN after a second

    private final ServerSocket listener;

    Door() throws IOException {
        listener = new ServerSocket(25, 1000, InetAddress.getByName("127.0.0.1"));
        Thread accepting = new Thread(
                () -> {
                    while (!listener.isClosed()) {
                        try {
                            listener.accept().close();
                        } catch (IOException e) {
                            // closed: the next look at it ends the loop
                        }
                    }
                },
                "door");
        accepting.setDaemon(true);
        accepting.start();
    }

    /** The n-th address. */
    static String address(int n) {
        return "198." + (18 + (n >>> 16)) + "." + (n >>> 8 & 255) + "." + (n & 255);
    }

    /** Whether {@code from} can connect. Takes 0.1 ms if so. */
    boolean isOpenTo(String from) throws IOException {
        try (Socket socket = new Socket()) {
            socket.setSoLinger(true, 0);
            socket.bind(new InetSocketAddress(from, 0));
            socket.connect(listener.getLocalSocketAddress(), SHUT_MILLIS);
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    /**
     * Knocks until nobody opens.
     *
     * @return System.nanoTime at the first knock in vain; Long.MAX_VALUE if there was none within {@code seconds}
     */
    long shutTo(String from, int seconds, double pauseMillis) throws IOException, InterruptedException {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (System.nanoTime() < end) {
            long knock = System.nanoTime();
            if (!isOpenTo(from)) {
                return knock;
            }
            Thread.sleep((long) pauseMillis, (int) (pauseMillis % 1 * 1e6));
        }
        return Long.MAX_VALUE;
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
