package org.postbane.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** Failures of files in words for people: one line, {@code name: why}. The JDK's own often say the name only. */
final class FileFault {

    private FileFault() {}

    /** @param name the file as the user called it */
    static IOException of(String name, IOException cause) {
        return new IOException(name + ": " + why(name, cause), cause);
    }

    private static String why(String name, IOException cause) {
        if (cause instanceof NoSuchFileException) {
            return "No such file or directory";
        }
        if (cause instanceof AccessDeniedException) {
            return "Permission denied";
        }
        @Nullable String message = cause.getMessage();
        if (message == null) {
            return cause.getClass().getSimpleName();
        }
        String opened = name + " ("; // FileInputStream's shape: {@code name (why)}
        return cause instanceof FileNotFoundException && message.startsWith(opened) && message.endsWith(")")
                ? message.substring(opened.length(), message.length() - 1)
                : message;
    }
}
