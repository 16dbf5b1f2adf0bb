package org.postbane.config;

import java.nio.file.Path;
import org.postbane.correlate.Traps;

/**
 * A file of trap addresses, one entry on each line: an address, {@code @domain} for all addresses of a domain, or {@code
 * /regex/}. {@code #} begins a comment at the start of a line or after a blank.
 */
public final class TrapFile {

    /** Largest file that is read, in bytes: some hundred thousand addresses. */
    static final int MAX_BYTES = 16 << 20;

    private TrapFile() {}

    /** @throws ConfigException with every bad line, or because there is no such file */
    public static Traps read(Path path) throws ConfigException {
        Faults faults = new Faults();
        Traps.Builder traps = new Traps.Builder();
        read(path, traps, faults);
        faults.throwIfAny();
        return traps.build();
    }

    static void read(Path path, Traps.Builder traps, Faults faults) {
        TextFile.read(path, MAX_BYTES, faults).ifPresent(text -> text.forEachEntry(traps::add, faults));
    }
}
