package org.postbane.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * Cases as data: lines that go in, each followed by what comes out of it, after {@code => }. Cases are parted by blank
 * lines; a line that begins with {@code #} is a comment. Input that nothing follows yields nothing.
 *
 * @param name file and first line, for the test's name
 * @param lines comments, inputs and results, as they stand in the file
 */
public record Cases(String name, List<String> lines) {

    private static final String RESULT = "=> ";

    /** The cases in a resource that lies beside {@code owner}. */
    public static List<Cases> of(Class<?> owner, String resource) {
        List<Cases> cases = new ArrayList<>();
        List<String> lines = new ArrayList<>();
        int number = 0;
        int first = 1;
        for (String line : text(owner, resource).split("\n", -1)) {
            number++;
            if (!line.isEmpty()) {
                first = lines.isEmpty() ? number : first;
                lines.add(line);
            } else if (!lines.isEmpty()) {
                cases.add(new Cases(resource + ":" + first, List.copyOf(lines)));
                lines.clear();
            }
        }
        if (!lines.isEmpty()) {
            cases.add(new Cases(resource + ":" + first, List.copyOf(lines)));
        }
        // a file of comments only would be a test that tests nothing
        cases.removeIf(each -> each.inputs().isEmpty());
        return cases;
    }

    /** A resource that lies beside {@code owner}, as text. */
    public static String text(Class<?> owner, String resource) {
        try (InputStream in = Objects.requireNonNull(owner.getResourceAsStream(resource), resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public List<String> inputs() {
        return lines.stream().filter(Cases::isInput).toList();
    }

    private static boolean isInput(String line) {
        return !line.startsWith(RESULT) && !line.startsWith("#");
    }

    /** The case as it is when {@code step} says what comes out of each input. */
    public String transcript(Function<String, List<String>> step) {
        List<String> actual = new ArrayList<>();
        for (String line : lines) {
            if (!line.startsWith(RESULT)) {
                actual.add(line);
            }
            if (isInput(line)) {
                step.apply(line).forEach(result -> actual.add(RESULT + result));
            }
        }
        return String.join("\n", actual);
    }

    /** Checks that {@code step} makes of each input what stands after it. */
    public void check(Function<String, List<String>> step) {
        assertEquals(String.join("\n", lines), transcript(step), name);
    }

    @Override
    public String toString() {
        return name + " " + lines.get(0);
    }
}
