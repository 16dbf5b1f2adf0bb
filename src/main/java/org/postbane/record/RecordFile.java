package org.postbane.record;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Records in a file, one line each ({@link RecordLine}). The file is opened anew for each batch, so that it can be renamed at any
 * time; it is made where it is missing, its directory is not.
 */
final class RecordFile implements RecordSink {

    private final Path path;

    RecordFile(Path path) {
        this.path = path;
    }

    @Override
    public void write(List<RecordedMessage> messages) throws IOException {
        StringBuilder lines = new StringBuilder(256 * messages.size());
        for (RecordedMessage message : messages) {
            lines.append(RecordLine.of(message)).append('\n');
        }
        Files.writeString(path, lines, StandardCharsets.US_ASCII, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
