package org.postbane.testing;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.postbane.host.Command;

/** What a test needs of the machine. Missing, the test is skipped with one line why; in CI ({@code POSTBANE_TEST_ALL=1}) it fails. */
public final class Needs {

    private Needs() {}

    public static void that(boolean present, String why) {
        if (!present && "1".equals(System.getenv("POSTBANE_TEST_ALL"))) {
            Assertions.fail("CI must not skip this: " + why);
        }
        Assumptions.assumeTrue(present, why);
    }

    /** @param what is to be done, or used, by root */
    public static void root(String what) {
        that("root".equals(System.getProperty("user.name")), what + " needs root");
    }

    /**
     * A program, where {@link Command#find} looks for it.
     *
     * @param debian the package that has it
     */
    public static void program(String name, String debian) {
        installed(!Command.find(name).equals(name), name, debian);
    }

    /** @param debian the package, or the packages, that bring {@code what} */
    public static void installed(boolean present, String what, String debian) {
        that(present, what + " is not installed (Debian: " + debian + ")");
    }
}
