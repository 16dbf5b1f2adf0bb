package org.postbane.config;

import java.io.Serial;
import java.util.List;

/** The configuration cannot be used. Holds all faults, each as {@code file:line key: why}. Exit status 78. */
public final class ConfigException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private final transient List<String> faults;

    public ConfigException(List<String> faults) {
        super(String.join("\n", faults));
        this.faults = List.copyOf(faults);
    }

    public List<String> faults() {
        return faults;
    }
}
