package org.postbane.act;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The types of Postfix look-up tables that can be made here (see {@code DATABASE_README}). */
public enum MapType {
    HASH(".db"),
    BTREE(".db"),
    LMDB(".lmdb"),
    CDB(".cdb"),
    /** Text, looked up as a hash. */
    TEXTHASH(""),
    /** Text: networks, in order. Of clients only. */
    CIDR(""),
    /** Text: regular expressions, in order. */
    PCRE("");

    private final String suffix;

    MapType(String suffix) {
        this.suffix = suffix;
    }

    /** The type of this name, in lower case as Postfix writes it. */
    public static MapType parse(String text) {
        return Arrays.stream(values())
                .filter(type -> type.word().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'%s' is no type of map that can be made: expected %s"
                        .formatted(
                                text, Arrays.stream(values()).map(MapType::word).collect(Collectors.joining(", ")))));
    }

    /** As Postfix writes it. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether postmap(1) makes an index of the text; what is in force is that index then. */
    boolean isIndexed() {
        return !suffix.isEmpty();
    }

    /** What postmap(1) appends to the name of the text; nothing where the text itself is read. */
    String suffix() {
        return suffix;
    }
}
