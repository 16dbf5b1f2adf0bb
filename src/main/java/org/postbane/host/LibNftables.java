package org.postbane.host;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * libnftables in this process, by JNA: 0.04 ms a command where the program {@code nft} takes 2 ms.
 *
 * <p>Threads: the library has unguarded state of its own, and two threads in it ended the whole process; so each object has
 * a context of its own, and all objects share one lock. The context is made at the first command, in the network
 * namespace of the thread that gives it.
 *
 * <p>Memory: outside the heap, about 400 bytes for each element of a transaction in words ({@link #run}), which the C library
 * keeps; a quarter of a megabyte for {@link #change}.
 *
 * <p>Known shortcomings: the library ends the process when it gets no memory or no netlink socket. The latter is tried
 * before.
 */
public final class LibNftables implements Nft {

    private static final Object LIBRARY = new Object();
    /** {@code NFT_CTX_OUTPUT_JSON} of libnftables(3). */
    private static final int OUTPUT_JSON = 1 << 4;

    /** {@code NFT_CTX_OUTPUT_STATELESS} and {@code _TERSE} of libnftables(3). */
    private static final int OUTPUT_STATELESS = 1 << 2;

    private static final int OUTPUT_TERSE = 1 << 11;

    private static final int ERROR_BYTES = 1000;
    private @Nullable Pointer context;
    private @Nullable NftElements elements;
    private boolean closed;

    /** True where the library can be loaded. */
    public static boolean isPresent() {
        try {
            synchronized (LIBRARY) {
                return Library.LOADED;
            }
        } catch (LinkageError e) { // no libnftables.so.1, or no JNA for this machine: the program nft does it, slower
            return false;
        }
    }

    @Override
    public void run(String commands) throws IOException {
        synchronized (LIBRARY) {
            execute(context(), commands);
        }
    }

    /** Without the library, where it is not too much: see {@link NftElements}. */
    @Override
    public void change(String table, List<NftElement> gone, List<NftElement> there) throws IOException {
        if (!NftElements.fits(gone, there)) {
            Nft.super.change(table, gone, there);
            return;
        }
        elements().change(table, gone, there);
    }

    @Override
    public Optional<Boolean> has(String table, NftElement element) throws IOException {
        return Optional.of(elements().has(table, element));
    }

    private NftElements elements() throws IOException {
        NftElements open = elements;
        if (open == null) {
            open = new NftElements();
            elements = open;
        }
        return open;
    }

    @Override
    public String list(String command) throws IOException {
        return printed(OUTPUT_JSON, command);
    }

    @Override
    public String outline(String table, boolean counted) throws IOException {
        int flags = counted ? OUTPUT_TERSE : OUTPUT_STATELESS | OUTPUT_TERSE;
        return Nft.table(printed(flags, "list ruleset inet"), table);
    }

    private String printed(int flags, String command) throws IOException {
        synchronized (LIBRARY) {
            Pointer open = context();
            Library.nft_ctx_output_set_flags(open, flags);
            try {
                execute(open, command);
                return text(Library.nft_ctx_get_output_buffer(open), Integer.MAX_VALUE);
            } finally {
                Library.nft_ctx_output_set_flags(open, 0);
            }
        }
    }

    /** The buffers are emptied by the library when they are read. */
    private static void execute(Pointer context, String commands) throws IOException {
        int status = Library.nft_run_cmd_from_buffer(context, zeroTerminated(commands));
        String error = text(Library.nft_ctx_get_error_buffer(context), ERROR_BYTES);
        if (status != 0) {
            throw new IOException("libnftables: " + NftCommand.brief(error));
        }
    }

    private Pointer context() throws IOException {
        if (closed) {
            throw new IllegalStateException("closed");
        }
        if (context == null) {
            Netlink.open().close(); // nft_ctx_new calls exit(3) where this cannot be had
            Pointer made = Library.nft_ctx_new(0);
            if (made == null) {
                throw new IOException("libnftables: no context");
            }
            if (Library.nft_ctx_buffer_output(made) != 0 || Library.nft_ctx_buffer_error(made) != 0) {
                Library.nft_ctx_free(made);
                throw new IOException("libnftables: no context");
            }
            context = made;
        }
        return context;
    }

    private static byte[] zeroTerminated(String ascii) {
        byte[] bytes = new byte[ascii.length() + 1];
        byte[] text = ascii.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, bytes, 0, text.length);
        return bytes;
    }

    private static String text(@Nullable Pointer zeroTerminated, int limit) {
        if (zeroTerminated == null) {
            return "";
        }
        long length = Math.min(zeroTerminated.indexOf(0, (byte) 0), limit);
        return new String(zeroTerminated.getByteArray(0, (int) length), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        if (elements != null) {
            elements.close();
            elements = null;
        }
        synchronized (LIBRARY) {
            closed = true;
            if (context != null) {
                Library.nft_ctx_free(context);
                context = null;
            }
        }
    }

    /** The functions of libnftables(3) that are used. Loading this class loads the library. */
    private static final class Library {

        static final boolean LOADED;

        static {
            Native.register(Library.class, NativeLibrary.getInstance("libnftables.so.1"));
            LOADED = true;
        }

        private Library() {}

        static native @Nullable Pointer nft_ctx_new(int flags);

        static native void nft_ctx_free(Pointer context);

        static native int nft_ctx_buffer_output(Pointer context);

        static native int nft_ctx_buffer_error(Pointer context);

        static native @Nullable Pointer nft_ctx_get_output_buffer(Pointer context);

        static native @Nullable Pointer nft_ctx_get_error_buffer(Pointer context);

        static native void nft_ctx_output_set_flags(Pointer context, int flags);

        static native int nft_run_cmd_from_buffer(Pointer context, byte[] commands);
    }
}
