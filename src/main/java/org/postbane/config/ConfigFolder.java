package org.postbane.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The files of the configuration: those of a directory, and, for each that is not there, the one of the same name that is
 * built into the jar. Remembers what was read. What it can neither read nor parse is noted as a fault.
 */
final class ConfigFolder {

    private static final Set<String> KNOWN = Set.of("postbane.conf", "postbane.local", "jails.conf", "jails.local");

    private final @Nullable Path directory;
    private final Faults faults;
    private final List<String> read = new ArrayList<>();

    /** @param directory null for the built-in files alone */
    ConfigFolder(@Nullable Path directory, Faults faults) {
        this.directory = directory;
        this.faults = faults;
    }

    /** Files read so far, in order; built-in ones as {@code built-in:jails.conf}. */
    List<String> read() {
        return List.copyOf(read);
    }

    /**
     * {@code NAME.conf} and the {@code NAME.local} that is laid over it; empty if neither the directory nor the jar has the
     * first.
     *
     * @param name with its folder, {@code actions/nftables}
     */
    List<IniFile> layers(String name) {
        List<IniFile> layers = new ArrayList<>();
        if (!onDisk(name + ".conf", layers) && !builtIn(name + ".conf", layers)) {
            return List.of();
        }
        onDisk(name + ".local", layers);
        return layers;
    }

    /** {@code conf.d/*.conf}, in the order of their names. */
    List<IniFile> fragments() {
        List<IniFile> fragments = new ArrayList<>();
        for (String name : names("conf.d")) {
            if (name.endsWith(".conf")) {
                onDisk("conf.d/" + name, fragments);
            }
        }
        return fragments;
    }

    /** A {@code jail.conf} for {@code jails.conf} must not be passed over in silence. */
    void refuseStrangers() {
        for (String name : names("")) {
            if ((name.endsWith(".conf") || name.endsWith(".local")) && !KNOWN.contains(name)) {
                faults.add(
                        new Place(resolve(name).toString(), 0, false),
                        "nothing reads this file; expected " + String.join(", ", new TreeSet<>(KNOWN)) + " or conf.d/"
                                + name);
            }
        }
    }

    private Set<String> names(String folder) {
        Set<String> names = new TreeSet<>();
        if (directory == null || !Files.isDirectory(resolve(folder))) {
            return names;
        }
        try (DirectoryStream<Path> paths = Files.newDirectoryStream(resolve(folder))) {
            for (Path path : paths) {
                names.add(String.valueOf(path.getFileName()));
            }
        } catch (IOException e) {
            faults.add(new Place(resolve(folder).toString(), 0, false), "cannot be listed: " + e.getMessage());
        }
        return names;
    }

    private Path resolve(String name) {
        return directory == null ? Path.of(name) : directory.resolve(name);
    }

    private boolean onDisk(String name, List<IniFile> layers) {
        // a file that may not be looked at, or a link to nowhere, is a fault and no reason to take another file
        if (directory == null || Files.notExists(resolve(name), LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        add(TextFile.read(resolve(name), IniFile.MAX_BYTES, faults), layers);
        return true;
    }

    private boolean builtIn(String name, List<IniFile> layers) {
        Place place = new Place("built-in:" + name, 0, true);
        try (InputStream in = ConfigFolder.class.getResourceAsStream("/defaults/" + name)) {
            if (in == null) {
                return false;
            }
            add(TextFile.decode(place, in, IniFile.MAX_BYTES, faults), layers);
        } catch (IOException e) {
            faults.add(place, "cannot be read: " + e.getMessage());
        }
        return true;
    }

    private void add(Optional<TextFile> text, List<IniFile> layers) {
        if (text.isPresent()) {
            read.add(text.get().file());
            layers.add(IniFile.parse(text.get(), faults));
        }
    }
}
