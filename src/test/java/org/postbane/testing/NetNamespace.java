package org.postbane.testing;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network namespace of its own, with a kernel packet filter of its own, that the thread which made it is in until it closes
 * it; so are the threads and programs that it starts meanwhile. Needs root and iproute2.
 */
public final class NetNamespace implements AutoCloseable {

    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final int CLONE_NEWNET = 0x40000000;

    private final String name;
    private final int outside;

    /** Skips the test where none can be made: most containers do not let root do so. */
    public static void needed() {
        Needs.root("a network namespace");
        Needs.program("ip", "iproute2");
        Needs.program("nft", "nftables");
    }

    public NetNamespace() {
        needed();
        name = "postbane-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
        outside = Libc.open("/proc/thread-self/ns/net", 0);
        String refusal = refusal("ip", "netns", "add", name);
        if (!refusal.isEmpty()) {
            Libc.close(outside);
        }
        Needs.that(refusal.isEmpty(), "a network namespace needs leave to make it (CAP_SYS_ADMIN)");
        int inside = Libc.open("/run/netns/" + name, 0);
        Libc.setns(inside, CLONE_NEWNET);
        Libc.close(inside);
    }

    /** For {@code ip netns exec}. */
    public String name() {
        return name;
    }

    /** What the program nft prints in this namespace. */
    public String nft(String... arguments) {
        return run(withProgram("nft", arguments));
    }

    public String ip(String... arguments) {
        return run(withProgram("ip", arguments));
    }

    private static List<String> withProgram(String program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    /** What the program complains of; nothing if it succeeds. */
    private static String refusal(String... command) {
        try {
            run(List.of(command));
            return "";
        } catch (AssertionError refused) {
            return String.valueOf(refused.getMessage());
        }
    }

    private static String run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError(String.join(" ", command) + ": " + out);
            }
            return out;
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        Libc.setns(outside, CLONE_NEWNET);
        Libc.close(outside);
        refusal("ip", "netns", "delete", name); // one that is left behind disturbs nobody
    }

    private static final class Libc {
        static {
            Native.register(Libc.class, com.sun.jna.NativeLibrary.getInstance("c"));
        }

        static native int open(String path, int flags) throws LastErrorException;

        static native int setns(int descriptor, int kind) throws LastErrorException;

        static native int close(int descriptor) throws LastErrorException;
    }
}
