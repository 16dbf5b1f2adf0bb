package org.postbane.source;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.postbane.model.PrefixSet;

/** What a section {@code [source NAME]} names to be read. */
public sealed interface Input {

    /**
     * A growing log file.
     *
     * @param path absolute
     */
    record File(Path path) implements Input {
        @Override
        public String toString() {
            return path.toString();
        }
    }

    /**
     * Growing log files, as many as there are.
     *
     * @param patterns one or more
     */
    record Files(List<PathPattern> patterns) implements Input {
        public Files {
            patterns = List.copyOf(patterns);
            if (patterns.isEmpty()) {
                throw new IllegalArgumentException("no pattern, no files");
            }
        }

        @Override
        public String toString() {
            return patterns.stream().map(PathPattern::toString).collect(Collectors.joining(" "));
        }
    }

    /**
     * The systemd journal.
     *
     * @param path a file or directory of journal files, absolute; empty for the journal of this system
     * @param trust who may log under which name
     */
    record Journal(Optional<Path> path, Trust trust) implements Input {
        @Override
        public String toString() {
            return "journal" + path.map(p -> " " + p).orElse("");
        }
    }

    /**
     * A port or socket to which others send.
     *
     * @param trust who may log under which name; asked where the kernel tells who sends, for Unix sockets
     */
    record Receiver(ListenAddress address, PrefixSet senders, Trust trust) implements Input {
        @Override
        public String toString() {
            return address.toString();
        }
    }
}
