package org.postbane.config;

/**
 * Where something stands in the configuration.
 *
 * @param file as shown to people
 * @param line counted from 1; 0 for the file as a whole
 * @param builtIn it stands in a file of the jar, not on disk
 */
record Place(String file, int line, boolean builtIn) {

    @Override
    public String toString() {
        return line == 0 ? file : file + ":" + line;
    }
}
