package org.postbane.source;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open file that may grow, or a compressed one that does not: what was read of it, and the incomplete line at its end.
 * Knows nothing of other files; keeps to its inode whatever the name becomes.
 *
 * <p>Each read of a file that may grow begins {@link Fingerprint#MOST} bytes before what is new, and compares these with what
 * stood there: so a file that was truncated is noticed, also if it has grown over its old length since.
 *
 * <p>Not thread-safe; one buffer.
 */
final class OpenFile implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(OpenFile.class);

    private static final int BLOCK = 64 * 1024;

    /** Blocks read in one call at most, lest a line without an end hold up all else. 16 MiB. */
    private static final int MOST_BLOCKS = 256;

    /** Bytes that do not repeat by chance: a time stamp and a few words. */
    private static final int LONG_ENOUGH = 64;

    private final String name;
    private final String inode;
    private final Content content;
    private final LineSplitter splitter = new LineSplitter(BLOCK);
    private final byte[] expected = new byte[Fingerprint.MOST];

    /** The first bytes; so many as were read of them. */
    private final byte[] head = new byte[Fingerprint.MOST];

    private int headLength;

    /** Offset in the file of the next byte to read into the splitter. */
    private long next;

    private boolean more;
    private boolean replaced;

    /** It is compressed, and cannot be unpacked beyond what was read. */
    private boolean damaged;

    /** When it was last found to have grown, or to have been replaced; null before the first look. */
    private @Nullable Instant alive;

    private OpenFile(String name, String inode, Content content) {
        this.name = name;
        this.inode = inode;
        this.content = content;
    }

    /**
     * Opens a file to go on reading at a place.
     *
     * @param path where the file with {@code inode} is
     * @param packed it is compressed
     * @param place in this file, or in the one of which it is a copy
     * @return null if it does not hold what was read
     * @throws MovedException if another file, or none, is at {@code path} by now
     */
    static @Nullable OpenFile open(Path path, boolean packed, String inode, Place place) throws IOException {
        Content content;
        try {
            content = Content.open(path, packed);
        } catch (NoSuchFileException e) {
            throw new MovedException(path + ": gone");
        } catch (IOException e) {
            throw FileFault.of(path.toString(), e);
        }
        @Nullable OpenFile opened = null;
        try {
            OpenFile file = new OpenFile(path.toString(), inode, content);
            // the JDK tells no identity of an open file: what the name means before and after opening, it means in
            // between
            if (!RotatedFiles.identity(path).equals(Optional.of(inode))) {
                throw new MovedException(path + ": renamed");
            }
            opened = file.goTo(place) ? file : null;
            return opened;
        } catch (MovedException e) {
            throw e;
        } catch (IOException e) {
            throw FileFault.of(path.toString(), e);
        } finally {
            if (opened == null) {
                content.close();
            }
        }
    }

    /** False if the file is not the one of the place. */
    private boolean goTo(Place place) throws IOException {
        byte[] first = new byte[(int) Math.min(place.offset(), 2L * Fingerprint.MOST)];
        byte[] before;
        if (place.offset() == first.length) { // one read, as a compressed file is never read twice
            if (!content.readFully(first, 0)) {
                return false;
            }
            before = Arrays.copyOfRange(first, Math.max(0, first.length - Fingerprint.MOST), first.length);
        } else {
            first = new byte[Fingerprint.MOST];
            before = new byte[Fingerprint.MOST];
            if (!content.readFully(first, 0)
                    || !place.head().fits(first, 0, place.head().length())
                    || !content.readFully(before, place.offset() - before.length)) {
                return false;
            }
        }
        if (!place.head().fits(first, 0, place.head().length())
                || !place.tail().fits(before, before.length - place.tail().length(), before.length)) {
            return false;
        }
        headLength = Math.min(first.length, head.length);
        System.arraycopy(first, 0, head, 0, headLength);
        splitter.beginBehind(before);
        next = place.offset();
        return true;
    }

    String inode() {
        return inode;
    }

    /** As it was called when it was opened. */
    String name() {
        return name;
    }

    boolean isPacked() {
        return !content.mayChange();
    }

    /** Up to where lines were handed on. */
    Place place() {
        long offset = next - splitter.bytesWaiting();
        return new Place(inode, offset, Fingerprint.of(head, 0, (int) Math.min(headLength, offset)), splitter.tail());
    }

    /**
     * Goes to the start of the last line: behind the last newline. A line longer than a block is begun in its middle. What
     * is before is as if it had been read.
     */
    void skipToLastLine() throws IOException {
        long size = content.size();
        byte[] bytes = new byte[(int) Math.min(size, LineSplitter.MAX_LINE)];
        int n = Math.max(0, content.read(bytes, 0, bytes.length, size - bytes.length));
        int start = n;
        while (start > 0 && bytes[start - 1] != '\n') {
            start--;
        }
        long offset = start > 0 || bytes.length == size ? size - bytes.length + start : size;
        splitter.forget();
        headLength = 0;
        next = 0;
        replaced = !goTo(new Place(inode, offset, Fingerprint.NONE, Fingerprint.NONE));
    }

    /** To be read from its start, as nothing had been read. */
    void startOver() {
        splitter.forget();
        headLength = 0;
        next = 0;
        replaced = false;
    }

    /** Whether the first bytes are still those that were read: then it was cut, and what is left of it was read already. */
    boolean hasItsHead() throws IOException {
        byte[] now = new byte[headLength];
        return headLength >= LONG_ENOUGH
                && content.readFully(now, 0)
                && Arrays.equals(now, Arrays.copyOf(head, headLength));
    }

    /** Of a file just opened: whether it begins like that of the place, though it does not hold all that was read there. */
    boolean goesOnLike(Place place) throws IOException {
        byte[] first = new byte[place.head().length()];
        return first.length >= LONG_ENOUGH
                && content.readFully(first, 0)
                && place.head().fits(first, 0, first.length);
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
            int n = splitter.fill(this::read);
            next += Math.max(0, n);
            return n;
        } catch (IOException e) {
            if (content.mayChange()) {
                throw FileFault.of(name, e);
            }
            if (!damaged) {
                LOG.warn("{}: {}; what follows in this file is lost", name, e.getMessage());
            }
            damaged = true;
            return 0;
        }
    }

    private int read(byte[] bytes, int at, int room) throws IOException {
        int length = Math.min(room, BLOCK);
        int n = content.mayChange() ? readBehindKnown(bytes, at, length) : content.read(bytes, at, length, next);
        if (n > 0 && next < head.length) {
            int part = (int) Math.min(n, head.length - next);
            System.arraycopy(bytes, at, head, (int) next, part);
            headLength = (int) next + part;
        }
        return n;
    }

    /** Reads the last known bytes again, and what is behind them; says {@link #isReplaced} if they are others now. */
    private int readBehindKnown(byte[] bytes, int at, int length) throws IOException {
        int known = splitter.lastKnown();
        int from = at - known;
        System.arraycopy(bytes, from, expected, 0, known);
        int n = content.read(bytes, from, known + length, next - known);
        if (n < known || !Arrays.equals(expected, 0, known, bytes, from, at)) {
            System.arraycopy(expected, 0, bytes, from, known);
            replaced = known > 0 || content.size() < next;
            return 0;
        }
        replaced = false;
        return n - known;
    }

    /** Whether {@link #read} found that the file does not hold any more what was read of it: it was truncated. */
    boolean isReplaced() {
        return replaced;
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

    /** Whether it begins with what {@code other} begins with: it is a copy of it. */
    boolean beginsLike(OpenFile other) throws IOException {
        byte[] first = new byte[Math.min(other.headLength, Fingerprint.MOST)];
        return other.headLength >= LONG_ENOUGH
                && content.readFully(first, 0)
                && Arrays.equals(first, Arrays.copyOf(other.head, first.length));
    }

    /** Hands on the last line, though it has no newline. */
    void finish(LineSink sink) {
        if (!damaged) {
            splitter.finish(sink);
        }
    }

    long cutLines() {
        return splitter.cutLines();
    }

    /** Bytes not handed on; 0 for a compressed file. */
    long backlog() throws IOException {
        return isPacked() ? 0 : Math.max(0, content.size() - (next - splitter.bytesWaiting()));
    }

    @Override
    public void close() throws IOException {
        content.close();
    }
}
