package org.postbane.testing;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Says on standard output which tests did not run and why, one line each, and at the end how many ran and how many did not:
 * a test that is skipped in silence is a test that nobody has.
 */
public final class SkipReporter implements TestExecutionListener {

    private final AtomicInteger executed = new AtomicInteger();
    private final AtomicInteger skipped = new AtomicInteger();
    private TestPlan plan;

    @Override
    public void testPlanExecutionStarted(TestPlan started) {
        plan = started;
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        report(test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            String reason = result.getThrowable().map(Throwable::getMessage).orElse("no reason given");
            report(test, reason.replaceFirst("^Assumption failed: ", ""));
        } else if (test.isTest()) {
            executed.incrementAndGet();
        }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan finished) {
        System.out.println("TESTS executed: " + executed + ", skipped: " + skipped);
    }

    private void report(TestIdentifier test, String reason) {
        long tests = test.isTest()
                ? 1
                : plan.getDescendants(test).stream()
                        .filter(TestIdentifier::isTest)
                        .count();
        skipped.addAndGet((int) Math.max(1, tests)); // a skipped container may not know yet what it would have held
        System.out.println("SKIPPED " + name(test) + ": " + reason.strip().replaceAll("\\s*\\R\\s*", " "));
    }

    /** {@code Class.method}, with the display name of one invocation of several. */
    private static String name(TestIdentifier test) {
        return test.getSource()
                .map(source -> {
                    if (source instanceof MethodSource method) {
                        String name = simple(method.getClassName()) + "." + method.getMethodName();
                        boolean oneOfSeveral =
                                test.isTest() && test.getDisplayName().startsWith("[");
                        return oneOfSeveral ? name + " " + test.getDisplayName() : name;
                    }
                    if (source instanceof ClassSource type) {
                        return simple(type.getClassName());
                    }
                    return test.getDisplayName();
                })
                .orElseGet(test::getDisplayName);
    }

    private static String simple(String className) {
        return className.substring(className.lastIndexOf('.') + 1);
    }
}
