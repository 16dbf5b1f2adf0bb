package org.postbane.act;

import java.nio.file.Path;
import java.util.Set;

/**
 * Where and how {@link FileAction} writes: the {@code [Init]} section of {@code actions/file.conf}.
 *
 * @param name of the action, in the configuration
 * @param path absolute
 * @param takes kinds of subject that go into it; the formats for addresses take clients only
 */
public record FileSettings(String name, Path path, Feed feed, Set<SubjectKind> takes) implements ActionSettings {

    public FileSettings {
        takes = Set.copyOf(takes);
        if (!feed.format().namesAll() && !takes.equals(Set.of(SubjectKind.CLIENT))) {
            throw new IllegalArgumentException(
                    "the format %s holds clients only".formatted(feed.format().word()));
        }
    }

    @Override
    public Set<String> places() {
        return Set.of("file " + path);
    }
}
