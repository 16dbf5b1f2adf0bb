package org.postbane.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Says on standard output which tests did not run and why, one line each, and at the end how many ran, how many did not, and for
 * which reasons: a test that is skipped in silence is a test that nobody has.
 *
 * <p>The tests of the built jar run after the others, in a JVM of their own: the first run leaves its counts in the file that
 * {@code postbane.tests.leave} names, and the second takes them from there ({@code postbane.tests.take}), so that the last line tells
 * of all.
 */
public final class SkipReporter implements TestExecutionListener {

    private final AtomicInteger executed = new AtomicInteger();
    private final AtomicInteger skipped = new AtomicInteger();
    private final Map<String, Integer> reasons = new ConcurrentSkipListMap<>();
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
        reasons.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                .forEach(reason -> System.out.println("SKIPPED in all " + reason.getValue() + ": " + reason.getKey()));
        System.out.println("TESTS executed: " + executed + ", skipped: " + skipped);
        try {
            addUp(System.getProperty("postbane.tests.leave"), System.getProperty("postbane.tests.take"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Each is a file's name, or null. */
    private void addUp(String leave, String take) throws IOException {
        if (leave != null) {
            Files.writeString(Path.of(leave), executed + " " + skipped);
        }
        if (take != null && Files.exists(Path.of(take))) {
            String[] first = Files.readString(Path.of(take)).split(" ", -1);
            Files.delete(Path.of(take)); // the next run may be of these tests alone
            int all = Integer.parseInt(first[0]) + executed.get();
            System.out.println("TESTS executed: " + all + ", skipped: " + (Integer.parseInt(first[1]) + skipped.get())
                    + " (with those before the jar was built)");
        }
    }

    private void report(TestIdentifier test, String reason) {
        long tests = test.isTest()
                ? 1
                : plan.getDescendants(test).stream()
                        .filter(TestIdentifier::isTest)
                        .count();
        int count = (int) Math.max(1, tests); // a skipped container may not know yet what it would have held
        String why = reason.strip().replaceAll("\\s*\\R\\s*", " ");
        skipped.addAndGet(count);
        reasons.merge(why, count, Integer::sum);
        System.out.println("SKIPPED " + name(test) + ": " + why);
    }

    /** {@code Class.method}, and of several invocations of one, which. */
    private static String name(TestIdentifier test) {
        return test.getSource()
                .map(source -> {
                    if (source instanceof MethodSource method) {
                        String name = simple(method.getClassName()) + "." + method.getMethodName();
                        boolean oneOfSeveral = test.getUniqueId().contains("[test-template-invocation:");
                        return oneOfSeveral ? name + " (" + test.getDisplayName() + ")" : name;
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
