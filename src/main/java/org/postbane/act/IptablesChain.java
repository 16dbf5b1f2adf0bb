package org.postbane.act;

import java.util.List;
import java.util.stream.Collectors;
import org.postbane.act.NftSettings.Verdict;
import org.postbane.host.Command;

/**
 * A chain of iptables or ip6tables that belongs to one action, and the rule that leads there. The chain begins with rules
 * that let go what is not for the closed ports; those that keep somebody out follow.
 *
 * <p>For one thread. {@code -w} waits for others who change rules at the same time.
 */
final class IptablesChain {

    private static final String WAIT = "5";

    private final IptablesSettings settings;
    private final Programs programs;
    private final String program;

    IptablesChain(IptablesSettings settings, boolean ipv4, Programs programs) {
        this.settings = settings;
        this.programs = programs;
        program = ipv4 ? "iptables" : "ip6tables";
    }

    /** Has the chain hold exactly these rules, in one go, and be reached. Each rule is what stands before the verdict. */
    void replace(List<String> matches) throws ActionException {
        StringBuilder input = new StringBuilder("*%s%n:%s - [0:0]%n".formatted(settings.table(), settings.chain()));
        if (!settings.ports().isEmpty()) {
            String ports = settings.ports().stream().map(String::valueOf).collect(Collectors.joining(","));
            input.append("-A %s ! -p tcp -j RETURN%n".formatted(settings.chain()));
            input.append("-A %s -p tcp -m multiport ! --dports %s -j RETURN%n".formatted(settings.chain(), ports));
        }
        matches.forEach(match -> rule("-A", match, input));
        restore(input);
        if (!isReached()) {
            programs.run(command("-I", hook(), "1", "-j", settings.chain()), "");
        }
    }

    /** Takes rules away and adds others in one go; a rule that is not there to be taken away fails all. */
    void change(List<String> added, List<String> deleted) throws ActionException {
        StringBuilder input = new StringBuilder("*%s%n".formatted(settings.table()));
        deleted.forEach(match -> rule("-D", match, input));
        added.forEach(match -> rule("-A", match, input));
        restore(input);
    }

    private void rule(String verb, String match, StringBuilder out) {
        out.append(verb).append(' ').append(settings.chain()).append(' ').append(match);
        out.append(' ').append(verdict()).append('\n');
    }

    private void restore(StringBuilder input) throws ActionException {
        List<String> command = List.of(Command.find(program + "-restore"), "-w", WAIT, "--noflush");
        programs.run(command, input.append("COMMIT\n").toString());
    }

    private String verdict() {
        if (settings.verdict() == Verdict.DROP) {
            return "-j DROP";
        }
        return settings.ports().isEmpty() ? "-j REJECT" : "-p tcp -j REJECT --reject-with tcp-reset";
    }

    private String hook() {
        return settings.table().equals("raw") ? "PREROUTING" : "INPUT";
    }

    /** Whether packets come to the chain. */
    boolean isReached() throws ActionException {
        return programs.call(command("-C", hook(), "-j", settings.chain()), "").status() == 0;
    }

    /** The chain's rules as iptables prints them; empty where there is no chain. */
    List<String> rules() throws ActionException {
        Command.Result result = programs.call(command("-S", settings.chain()), "");
        return result.status() == 0
                ? result.out().lines().filter(line -> line.startsWith("-A ")).toList()
                : List.of();
    }

    private List<String> command(String... arguments) {
        return java.util.stream.Stream.concat(
                        java.util.stream.Stream.of(Command.find(program), "-w", WAIT, "-t", settings.table()),
                        java.util.stream.Stream.of(arguments))
                .toList();
    }
}
