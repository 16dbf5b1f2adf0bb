package org.postbane.testing;

import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What a test has opened, closed when it has ended, the last first, on the test's own thread. A test that was skipped before it
 * opened anything has nothing to close: so who opens through this need not ask, in an {@code @AfterEach}, how far it came.
 *
 * <p>To be registered as a field: {@code @RegisterExtension final Opened opened = new Opened();}
 */
public final class Opened implements AfterEachCallback {

    private final Deque<AutoCloseable> things = new ArrayDeque<>();

    /** @return {@code thing} */
    public <T extends AutoCloseable> T add(T thing) {
        things.push(thing);
        return thing;
    }

    /** All are closed, also when one cannot be; the first failure is told, with the others. */
    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        Exception failure = null;
        while (!things.isEmpty()) {
            try {
                things.pop().close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
