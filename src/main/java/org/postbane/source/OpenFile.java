package org.postbane.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One open inode that may grow: what was read of it, and the incomplete line at its end. Knows nothing of other files; keeps
 * to its inode whatever the name becomes. Not thread-safe; one buffer.
 */
final class OpenFile implements AutoCloseable {

    private static final int BLOCK = 64 * 1024;

    /** Blocks read in one call at most, lest a line without an end hold up all else. 16 MiB. */
    private static final int MOST_BLOCKS = 256;

    private final String name;
    private final String identity;
    private final FileChannel channel;
    private final LineSplitter splitter = new LineSplitter(BLOCK);

    /** Offset in the file of the next byte to read into the splitter. */
    private long next;

    private boolean more;

    /** When it was last found to have grown, or to have been replaced; null before the first look. */
    private @Nullable Instant alive;

    private OpenFile(String name, String identity, FileChannel channel, long offset) {
        this.name = name;
        this.identity = identity;
        this.channel = channel;
        this.next = offset;
    }

    /** @return null if another file, or none, is at {@code path} by now: to be tried again at the next look */
    static @Nullable OpenFile open(Path path, String identity, long offset) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw FileFault.of(path.toString(), e);
        }
        // the JDK tells no identity of an open file: what the name means before and after opening, it means in between
        Optional<String> now = RotatedFiles.identity(path);
        if (now.isEmpty() || !now.get().equals(identity)) {
            channel.close();
            return null;
        }
        return new OpenFile(path.toString(), identity, channel, offset);
    }

    String identity() {
        return identity;
    }

    Position position() {
        return new Position(identity, next - splitter.bytesWaiting());
    }

    /** Goes to the start of the last line: behind the last newline. A line longer than a block is begun in its middle. */
    void skipToLastLine() throws IOException {
        long size = channel.size();
        ByteBuffer tail = ByteBuffer.allocate((int) Math.min(size, LineSplitter.MAX_LINE));
        int n = Math.max(0, channel.read(tail, size - tail.capacity()));
        byte[] bytes = tail.array();
        int start = n;
        while (start > 0 && bytes[start - 1] != '\n') {
            start--;
        }
        next = start > 0 || tail.capacity() == size ? size - tail.capacity() + start : size;
    }

    /** Begins anew if the file is shorter than what was read of it. */
    boolean startOverIfTruncated() throws IOException {
        if (channel.size() >= next) {
            return false;
        }
        splitter.forget();
        next = 0;
        return true;
    }

    /** @return lines handed on */
    int read(LineSink sink, int most, Instant now) throws IOException {
        if (alive == null) {
            alive = now;
        }
        more = true;
        int lines = splitter.drain(sink, most);
        for (int block = 0; lines < most && block < MOST_BLOCKS; block++) {
            int n = fill();
            if (n <= 0) {
                more = false;
                break;
            }
            alive = now;
            lines += splitter.drain(sink, most - lines);
        }
        return lines;
    }

    private int fill() throws IOException {
        try {
            int n = splitter.fill(
                    (bytes, at, length) -> channel.read(ByteBuffer.wrap(bytes, at, Math.min(length, BLOCK)), next));
            next += Math.max(0, n);
            return n;
        } catch (IOException e) {
            throw FileFault.of(name, e);
        }
    }

    /** Whether the last {@link #read} stopped for its limits, not for the end of the file. */
    boolean hasMore() {
        return more;
    }

    /** Another file took its place: from now on it may fall silent. */
    void keepFrom(Instant now) {
        alive = now;
    }

    /** Whether it neither grew nor was replaced after {@code t}. */
    boolean silentSince(Instant t) {
        return alive != null && !alive.isAfter(t);
    }

    /** Hands on the last line, though it has no newline. */
    void finish(LineSink sink) {
        splitter.finish(sink);
    }

    long cutLines() {
        return splitter.cutLines();
    }

    long backlog() throws IOException {
        return Math.max(0, channel.size() - position().offset());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
