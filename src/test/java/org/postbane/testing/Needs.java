package org.postbane.testing;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** What a test needs of the machine. Missing, the test is skipped with one line why; in CI ({@code POSTBANE_TEST_ALL=1}) it fails. */
public final class Needs {
    private Needs() {}

    public static void that(boolean present, String why) {
        if (!present && "1".equals(System.getenv("POSTBANE_TEST_ALL"))) {
            Assertions.fail("CI must not skip this: " + why);
        }
        Assumptions.assumeTrue(present, why);
    }
}
