package org.postbane.act;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.act.Feed.Format;
import org.postbane.testing.Opened;
import org.postbane.testing.SmallDisk;

/** {@link FileAction} when its directory is full, read-only or gone, or others change the file. */
class FileFaultTest extends FaultContract.OfPlace {

    @RegisterExtension
    final Opened opened = new Opened();

    @TempDir
    Path dir;

    private SmallDisk disk;
    private Path file;

    @BeforeEach
    void mount() throws IOException {
        disk = opened.add(SmallDisk.mount(dir.resolve("disk"), "mode=755,size=512k"));
        file = disk.dir().resolve("feeds").resolve("bans");
    }

    @Override
    List<Fault> faults() {
        return List.of(
                new Fault("the disk is full", () -> disk.fill(), () -> disk.empty()),
                new Fault("the disk is read-only", () -> disk.readOnly(true), () -> disk.readOnly(false)),
                Fault.healing("the file is deleted", () -> Files.delete(file)),
                Fault.healing("the file is emptied", () -> Files.writeString(file, "")),
                Fault.healing("the directory is deleted", () -> {
                    Files.delete(file);
                    Files.delete(file.getParent());
                }),
                Fault.healing("a killed agent has left a half file", () -> {
                    Files.writeString(file.resolveSibling(".bans.new"), "192.0.2");
                    Files.delete(file);
                }),
                new Fault(
                        "a directory is in the way",
                        () -> {
                            Files.delete(file);
                            Files.createDirectories(file.resolve("in the way"));
                        },
                        () -> {
                            Files.delete(file.resolve("in the way"));
                            Files.delete(file);
                        }));
    }

    @Override
    Action open() {
        return new FileAction(
                new FileSettings("file", file, new Feed(Format.PLAIN, Duration.ofHours(1)), Set.of(SubjectKind.CLIENT)),
                List.of(),
                InstantSource.system());
    }

    @Override
    Set<String> held() throws IOException {
        return Set.copyOf(Files.readAllLines(file));
    }
}
