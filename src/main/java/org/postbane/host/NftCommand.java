package org.postbane.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The program {@code nft}, started once for each transaction, with the commands on its standard input. Takes 2 ms a
 * transaction; for machines without the library.
 */
public final class NftCommand implements Nft {

    /** A million elements take 5 s. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final int ERROR_LINES = 3;
    private static final int ERROR_LINE_LENGTH = 200;

    private final List<String> program;
    private final Duration patience;

    public NftCommand() {
        this(List.of(find()));
    }

    /** @param program how to call nft, e.g. {@code ip netns exec mail nft} in parts */
    public NftCommand(List<String> program) {
        this(program, PATIENCE);
    }

    /** @param patience a transaction that takes longer is given up */
    public NftCommand(List<String> program, Duration patience) {
        this.program = List.copyOf(program);
        this.patience = patience;
    }

    /** A daemon's PATH may lack the directories of the administrator's programs. */
    private static String find() {
        for (String place : List.of("/usr/sbin/nft", "/sbin/nft", "/usr/local/sbin/nft")) {
            if (Files.isExecutable(Path.of(place))) {
                return place;
            }
        }
        return "nft";
    }

    @Override
    public void run(String commands) throws IOException {
        execute(List.of("-f", "-"), commands);
    }

    @Override
    public String list(String command) throws IOException {
        return execute(List.of("-j", command), ""); // -j -f - of 1.0.6 looks for JSON and finds no command
    }

    @Override
    public String outline(String table, boolean counted) throws IOException {
        List<String> flags = counted ? List.of("-t") : List.of("-s", "-t");
        List<String> arguments = new ArrayList<>(flags);
        arguments.addAll(List.of("list", "ruleset", "inet"));
        return Nft.table(execute(arguments, ""), table);
    }

    private String execute(List<String> arguments, String commands) throws IOException {
        List<String> whole = new ArrayList<>(program);
        whole.addAll(arguments);
        Command.Result result = Command.run(whole, commands.getBytes(StandardCharsets.US_ASCII), patience);
        if (result.status() != 0) {
            throw new IOException(
                    "%s: status %d: %s".formatted(String.join(" ", whole), result.status(), brief(result.err())));
        }
        return result.out();
    }

    /** On one line: nft repeats the command at fault, which may hold thousands of addresses, for each error. */
    static String brief(String error) {
        return error.lines()
                .limit(ERROR_LINES)
                .map(String::strip)
                .map(line -> line.length() > ERROR_LINE_LENGTH ? line.substring(0, ERROR_LINE_LENGTH) + "..." : line)
                .reduce((a, b) -> a + " | " + b)
                .orElse("no reason given");
    }

    @Override
    public void close() {}
}
