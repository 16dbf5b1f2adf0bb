package org.postbane;

/** The program. */
public final class Main {

    private Main() {}

    public static void main(String[] args) {
        System.exit(64);
    }
}
