package org.postbane.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** The name of a Unix socket that a process left behind when it died: it stands in the way of the next one. */
public final class StaleSocket {

    private StaleSocket() {}

    /** Tries whether somebody listens, in the way in which the socket is spoken to. */
    @FunctionalInterface
    public interface Probe {

        /** @throws IOException it cannot be told; then it is left alone */
        boolean answers() throws IOException;
    }

    /**
     * Takes a name away to which nobody listens any more. Does nothing where there is none.
     *
     * @throws IOException somebody listens there, or may do so; or what is there is no socket
     */
    public static void remove(Path path, Probe probe) throws IOException {
        if (Files.notExists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther()) {
            throw new IOException("there is something that is no socket");
        }
        boolean answers;
        try {
            answers = probe.answers();
        } catch (IOException e) {
            throw new IOException("another process listens there, or it cannot be asked: " + e.getMessage(), e);
        }
        if (answers) {
            throw new IOException("another process listens there");
        }
        Files.delete(path);
    }
}
