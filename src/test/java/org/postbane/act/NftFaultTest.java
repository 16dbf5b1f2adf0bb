package org.postbane.act;

import java.io.IOException;
import java.nio.file.Path;
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
import org.postbane.host.LibNftables;
import org.postbane.host.Nft;
import org.postbane.host.NftCommand;
import org.postbane.host.NftElement;
import org.postbane.testing.Needs;
import org.postbane.testing.NetNamespace;
import org.postbane.testing.Opened;

/** {@link NftAction} when its table is taken away, or nft itself breaks, on the kernel in a network namespace. */
class NftFaultTest {

    private static final Pattern SET = Pattern.compile("set (\\w+) \\{(.*?)\\n\t\\}", Pattern.DOTALL);
    private static final Pattern ELEMENT = Pattern.compile("([0-9a-f.:]+) timeout");

    /** What administrators and other programs do to the kernel's tables. */
    abstract static class OnKernel extends FaultContract.OfPlace {

        @RegisterExtension
        final Opened opened = new Opened();

        private NetNamespace namespace;

        @BeforeEach
        void enter() {
            namespace = opened.add(new NetNamespace());
        }

        abstract Nft nft();

        @Override
        Action open() {
            return new NftAction(NftSettings.defaults("nftables"), nft(), InstantSource.system());
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = new ArrayList<>();
            for (String command : List.of(
                    "flush ruleset",
                    "delete table inet postbane",
                    "flush table inet postbane",
                    "flush chain inet postbane banned6",
                    "flush chain inet postbane banned4; delete chain inet postbane banned4",
                    "delete chain inet postbane nets6_64; delete set inet postbane nets6_64",
                    "delete chain inet postbane banned4; delete set inet postbane banned4",
                    "flush set inet postbane banned4",
                    "delete element inet postbane banned4 { 192.0.2.2 }",
                    "add element inet postbane banned4 { 203.0.113.9 }",
                    "insert rule inet postbane banned4 accept",
                    "flush ruleset; add table inet postbane; add set inet postbane banned4 { type inet_service; };"
                            + " add chain inet postbane banned6 { type filter hook input priority 5; }")) {
                faults.add(Fault.healing(command, () -> namespace.nft(command)));
            }
            return faults;
        }

        @Override
        Set<String> held() {
            Set<String> held = new HashSet<>();
            Matcher sets = SET.matcher(namespace.nft("list", "ruleset"));
            while (sets.find()) {
                String name = sets.group(1);
                String length = name.startsWith("nets") ? "/" + name.substring("nets4_".length()) : "";
                Matcher element = ELEMENT.matcher(sets.group(2));
                while (element.find()) {
                    held.add(element.group(1) + length);
                }
            }
            return held;
        }
    }

    /** In this process nothing can be missing or killed; but a call may fail before, or after, the kernel has done it. */
    @Nested
    class ByLibrary extends OnKernel {

        private volatile boolean refuses;
        private volatile boolean fails;

        @Override
        Nft nft() {
            Needs.installed(LibNftables.isPresent(), "libnftables.so.1", "libnftables1");
            return new Unsure(new LibNftables());
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = super.faults();
            faults.add(new Fault("calls fail", () -> refuses = true, () -> refuses = false));
            faults.add(new Fault("calls fail when all is done", () -> fails = true, () -> fails = false));
            return faults;
        }

        private final class Unsure extends PassedOnNft {

            Unsure(Nft nft) {
                super(nft);
            }

            @Override
            public void run(String commands) throws IOException {
                refuse();
                super.run(commands);
                fail();
            }

            @Override
            public void change(String table, List<NftElement> gone, List<NftElement> there) throws IOException {
                refuse();
                super.change(table, gone, there);
                fail();
            }

            private void refuse() throws IOException {
                if (refuses) {
                    throw new IOException("Operation not permitted");
                }
            }

            private void fail() throws IOException {
                if (fails) {
                    throw new IOException("No buffer space available");
                }
            }
        }
    }

    @Nested
    class ByCommand extends OnKernel {

        @TempDir
        Path dir;

        private StandIn standIn;

        @BeforeEach
        void install() throws IOException {
            standIn = new StandIn(dir.resolve("standin"), "*\" -f -\"", StandIn.HALF_OF_INPUT);
        }

        @Override
        Nft nft() {
            return new NftCommand(standIn.before("nft"), StandIn.PATIENCE);
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = super.faults();
            faults.addAll(ofProgram(() -> standIn));
            return faults;
        }
    }
}
