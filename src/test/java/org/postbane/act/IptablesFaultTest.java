package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.host.Command;
import org.postbane.testing.Needs;
import org.postbane.testing.NetNamespace;
import org.postbane.testing.Opened;

/** {@link IptablesAction} and {@link IpsetAction} when programs break or others change rules and sets, in a network namespace. */
class IptablesFaultTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String RULE4 = "-t raw -D postbane -s 192.0.2.2/32 -j DROP";

    /** Standard output of a command, given with blanks between its words; it must succeed. */
    private static String run(String command) throws IOException {
        String[] words = command.split(" ", -1);
        words[0] = Command.find(words[0]);
        Command.Result result = Command.run(List.of(words), new byte[0], PATIENCE);
        assertEquals(0, result.status(), command + ": " + result.err());
        return result.out();
    }

    /** What both have in common. */
    abstract static class OnKernel extends FaultContract.OfPlace {

        @RegisterExtension
        final Opened opened = new Opened();

        @TempDir
        Path dir;

        private StandIn standIn;
        private StandIn jump;

        @BeforeEach
        void enter() throws IOException {
            Needs.root("a network namespace");
            Needs.program("iptables", "iptables");
            Needs.program("ipset", "ipset");
            opened.add(new NetNamespace());
            standIn = new StandIn(dir.resolve("standin"), "*\"restore\"*", StandIn.HALF_OF_INPUT);
            jump = new StandIn(dir.resolve("jump"), "*\" -I \"*", "true");
        }

        final Programs programs() {
            return new Programs("firewall", standIn.before(jump.before().toArray(String[]::new)), StandIn.PATIENCE);
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = new ArrayList<>(ofProgram(() -> standIn));
            faults.add(Fault.healing("the jump is deleted", () -> run("iptables -t raw -F PREROUTING")));
            faults.add(new Fault(
                    "the jump is deleted, and no other can be made",
                    () -> {
                        jump.is(StandIn.Mood.REFUSES_CHANGES);
                        run("ip6tables -t raw -F PREROUTING");
                    },
                    () -> jump.is(StandIn.Mood.GOOD)));
            faults.add(Fault.healing("the chain is flushed", () -> run("ip6tables -t raw -F postbane")));
            faults.add(Fault.healing("the chain is deleted", () -> {
                run("iptables -t raw -F");
                run("iptables -t raw -X");
            }));
            return faults;
        }
    }

    @Nested
    class Iptables extends OnKernel {

        private static final Pattern SOURCE = Pattern.compile(" -s (\\S+) ");

        @Override
        Action open() {
            return new IptablesAction(IptablesSettings.defaults("firewall"), InstantSource.system(), programs());
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = super.faults();
            faults.add(Fault.healing("a rule is deleted", () -> run("iptables " + RULE4)));
            faults.add(Fault.healing(
                    "somebody else's rule is there", () -> run("iptables -t raw -A postbane -s 203.0.113.9 -j DROP")));
            return faults;
        }

        @Override
        Set<String> held() throws IOException {
            Set<String> held = new HashSet<>();
            for (String program : List.of("iptables", "ip6tables")) {
                Matcher source = SOURCE.matcher(run(program + " -t raw -S postbane"));
                while (source.find()) {
                    held.add(source.group(1).replaceFirst(program.equals("iptables") ? "/32$" : "/128$", ""));
                }
            }
            return held;
        }
    }

    @Nested
    class Ipset extends OnKernel {

        private static final Pattern ELEMENT = Pattern.compile("(?m)^([0-9a-f.:/]+) timeout [0-9]+$");

        @Override
        Action open() {
            return new IpsetAction(
                    new IpsetSettings("postbane", 100_000, IptablesSettings.defaults("firewall")),
                    InstantSource.system(),
                    programs());
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = super.faults();
            faults.add(Fault.healing("a set is flushed", () -> run("ipset flush postbane4")));
            faults.add(Fault.healing("an element is deleted", () -> run("ipset del postbane4 192.0.2.2")));
            faults.add(Fault.healing("all is destroyed", () -> {
                for (String program : List.of("iptables", "ip6tables")) {
                    run(program + " -t raw -F");
                    run(program + " -t raw -X");
                }
                run("ipset destroy");
            }));
            return faults;
        }

        @Override
        Set<String> held() throws IOException {
            Set<String> held = new HashSet<>();
            Matcher element = ELEMENT.matcher(run("ipset list"));
            while (element.find()) {
                held.add(element.group(1));
            }
            return held;
        }
    }
}
