package org.postbane.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class CommandTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    private static Command.Result run(String input, String... command) throws IOException {
        return Command.run(List.of(command), input.getBytes(StandardCharsets.UTF_8), SOON);
    }

    @Test
    void run_program_answersStatusOutputAndErrors() throws IOException {
        Command.Result result = run("in", "sh", "-c", "cat; echo no >&2; exit 3");

        assertEquals(new Command.Result(3, "in", "no\n"), result);
    }

    @Test
    void argument_withShellCharacters_isOneArgument() throws IOException {
        String hostile = "$(touch /tmp/x); \"a\" 'b' `c` * \\";

        assertEquals(hostile, run("", "printf", "%s", hostile).out());
    }

    @Test
    void input_ofMegabytes_comesBackWhole() throws IOException {
        String text = "0123456789".repeat(500_000);

        assertEquals(text, run(text, "cat").out());
    }

    @Test
    void input_notRead_isNoFailure() throws IOException {
        assertEquals(0, run("x".repeat(1_000_000), "true").status());
    }

    @Test
    void errors_withoutEnd_areCut() throws IOException {
        Command.Result result = run("", "sh", "-c", "head -c 1000000 /dev/zero >&2");

        assertEquals(Command.ERROR_BYTES, result.err().length());
    }

    @Test
    void program_thatHangs_isKilled() {
        IOException failure = assertThrows(
                IOException.class, () -> Command.run(List.of("sleep", "20"), new byte[0], Duration.ofMillis(200)));

        assertTrue(String.valueOf(failure.getMessage()).contains("killed after 200 ms"), failure.getMessage());
    }

    @Test
    void program_thatTakesNoNoticeOfSigterm_isKilled() {
        List<String> command = List.of("sh", "-c", "trap '' TERM; while :; do sleep 1; done");

        assertThrows(IOException.class, () -> Command.run(command, new byte[0], Duration.ofMillis(200)));
    }

    /** Whose standard input, output and errors are its own. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void program_leavesAChildBehind_hasItsOwnStatusAndWords(boolean group) throws IOException {
        List<String> command = List.of("sh", "-c", "echo out; echo err >&2; (sleep 8 &); exit 3");
        byte[] input = new byte[1_000_000];

        Command.Result result = group ? Command.runGroup(command, input, SOON) : Command.run(command, input, SOON);

        assertEquals(new Command.Result(3, "out\n", "err\n"), result);
    }

    @Test
    void program_thatIsNotThere_isAnIoException() {
        assertThrows(IOException.class, () -> run("", "/no/such/program"));
    }
}
