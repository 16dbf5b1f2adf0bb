package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.host.Command;
import org.postbane.testing.Opened;
import org.postbane.testing.RealPostfix;
import org.postbane.testing.SmallDisk;

/** {@link PostfixMapAction} when Postfix's programs break, the disk is full or read-only, or others change its files. */
class PostfixMapFaultTest {

    private static final Pattern VALUE = Pattern.compile("\\s554 5\\.7\\.1 (\\S+) is banned until ");

    private static Set<String> subjects(String listing) {
        Set<String> held = new HashSet<>();
        Matcher value = VALUE.matcher(listing);
        while (value.find()) {
            held.add(value.group(1));
        }
        return held;
    }

    /** What all types have in common. */
    abstract static class OfType extends FaultContract.OfPlace {

        @RegisterExtension
        final Opened opened = new Opened();

        @TempDir
        Path dir;

        Path instance;
        StandIn standIn;
        private SmallDisk disk;

        @BeforeEach
        void mount() throws IOException {
            RealPostfix.needed();
            instance = RealPostfix.instance(dir);
            // of a postmap that is killed a part of the index is left
            standIn = new StandIn(
                    dir.resolve("standin"),
                    changes(),
                    "\"$@\"; for made in %s/disk/maps/.client.new.*; do truncate -s 1000 $made; done".formatted(dir));
            disk = opened.add(SmallDisk.mount(dir.resolve("disk"), "mode=755,size=512k"));
        }

        abstract MapType type();

        /** Of the calls of programs, those that change something. */
        abstract String changes();

        final Path map() {
            return disk.dir().resolve("maps").resolve("client");
        }

        List<String> before() {
            return standIn.before();
        }

        @Override
        final Action open() {
            PostfixMapSettings settings = new PostfixMapSettings(
                    "map",
                    map(),
                    SubjectKind.CLIENT,
                    Optional.of(type()),
                    PostfixMapSettings.TEXT,
                    true,
                    Duration.ofMillis(10),
                    Optional.of(instance));
            return new PostfixMapAction(
                    settings, InstantSource.system(), new Programs("map", before(), StandIn.PATIENCE));
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = new ArrayList<>(ofProgram(() -> standIn));
            faults.add(new Fault("the disk is full", () -> disk.fill(), () -> disk.empty()));
            faults.add(new Fault("the disk is read-only", () -> disk.readOnly(true), () -> disk.readOnly(false)));
            faults.add(Fault.healing("the map is deleted", () -> Files.delete(map())));
            faults.add(Fault.healing("the map is emptied", () -> Files.writeString(map(), "")));
            faults.add(Fault.healing("a killed agent has left half a map", () -> {
                Files.writeString(map().resolveSibling(".client.new"), "192.0.2.1\t55");
                Files.writeString(map().resolveSibling(".client.new" + type().suffix()), "?");
                Files.delete(map());
            }));
            return faults;
        }
    }

    /** An index, which a program makes and Postfix sees by itself. */
    abstract static class Indexed extends OfType {

        private Path index() {
            return map().resolveSibling("client" + type().suffix());
        }

        @Override
        String changes() {
            return "*";
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = super.faults();
            faults.add(Fault.healing("the index is deleted", () -> Files.delete(index())));
            faults.add(Fault.healing("the index is cut", () -> Files.write(index(), new byte[100])));
            return faults;
        }

        @Override
        Set<String> held() throws Exception {
            Command.Result listing = Command.run(
                    List.of(Command.find("postmap"), "-c", instance.toString(), "-s", type().word() + ":" + map()),
                    new byte[0],
                    Duration.ofSeconds(20));
            assertEquals(0, listing.status(), listing.err());
            return subjects(listing.out());
        }
    }

    @Nested
    class Hash extends Indexed {
        @Override
        MapType type() {
            return MapType.HASH;
        }
    }

    /** Text, which Postfix reads when it is reloaded: here a program that says it runs, and reads. */
    @Nested
    class Cidr extends OfType {

        @BeforeEach
        void runPostfix() throws IOException {
            Path program = Files.writeString(dir.resolve("postfix"), """
                    #!/bin/sh
                    [ "$4" != reload ] || cp %1$s/disk/maps/client %1$s/read
                    """.formatted(dir));
            if (!program.toFile().setExecutable(true)) {
                throw new IOException(program + " cannot be made executable");
            }
        }

        @Override
        MapType type() {
            return MapType.CIDR;
        }

        @Override
        String changes() {
            return "*\" reload\"";
        }

        @Override
        List<String> before() {
            return standIn.before(dir.resolve("postfix").toString());
        }

        @Override
        Set<String> held() throws IOException {
            return subjects(Files.readString(dir.resolve("read")));
        }
    }
}
