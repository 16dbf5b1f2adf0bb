package org.postbane;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A second JVM, with options that suit a command which reads whole logs. {@code java -jar postbane.jar} gives none, and a jar
 * cannot ask for any: with the second compiler and the collector that a JVM takes by itself, a million lines cost twice the
 * CPU time. Starting another JVM costs 0.05 s of it.
 *
 * <p>Whoever gives options has made a choice, and keeps the JVM that was started.
 *
 * <p>The second one ends with the first: told by it, or within a second or so by itself where the first was killed so that it
 * could not do anything.
 */
final class SuitedJvm {

    /**
     * A small nursery, as next to nothing lives long; the rest of the heap grows with the clients of the log. A Java that does not
     * know one of these options goes without.
     */
    private static final List<String> OPTIONS =
            List.of("-XX:+IgnoreUnrecognizedVMOptions", "-XX:+UseSerialGC", "-Xmn24m", "-Xms64m", "-XX:-UsePerfData");

    /** Most logs are read before the second compiler has paid for itself. */
    private static final List<String> WITHOUT_SECOND_COMPILER = List.of("-XX:TieredStopAtLevel=1");

    /**
     * The second compiler takes a third less time when it does not compile everything into everything, and what it makes is no
     * slower. Found by trying: of ten million lines it saves a sixth of the CPU time, of five nothing, of three it costs an
     * eighth. A larger nursery is collected less often, and each time all that changed among thousands of clients is looked
     * through: it saves a fourteenth, for 50 MiB.
     */
    private static final List<String> FOR_LARGE =
            List.of("-XX:MaxInlineLevel=5", "-XX:FreqInlineSize=50", "-XX:InlineSmallCode=400", "-Xmn96m", "-Xms192m");

    private static final long LARGE = 1L << 30; // bytes of all logs
    private static final int PACKED = 10; // times as long

    /** Has the second JVM know the process id of the first. */
    private static final String PARENT = "postbane.parent";

    private static final List<String> CHOICES = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private SuitedJvm() {}

    /** Runs the command there, with this process's standard streams, to its end; empty where it is to run here. */
    static OptionalInt run(String[] words) {
        String parent = System.getProperty(PARENT);
        if (parent != null) {
            new Orphan(parent).start();
            return OptionalInt.empty();
        }
        if (words.length == 0 || !readsLogs(words[0]) || isChosen()) {
            return OptionalInt.empty();
        }
        ProcessHandle current = ProcessHandle.current();
        ProcessHandle.Info self = current.info();
        String java = self.command().orElse("");
        List<String> arguments = List.of(self.arguments().orElse(new String[0])); // none where they are too long
        boolean plain = arguments.size() == words.length + 2 && arguments.get(0).equals("-jar");
        if (java.isEmpty() || !plain) {
            return OptionalInt.empty();
        }
        List<String> command = new ArrayList<>();
        command.add(java);
        command.addAll(OPTIONS);
        command.addAll(bytes(words) < LARGE ? WITHOUT_SECOND_COMPILER : FOR_LARGE);
        addArchive(Path.of(arguments.get(1)), command);
        command.add("-D" + PARENT + "=" + current.pid());
        command.addAll(arguments);
        return run(command);
    }

    /** Classes that are ready to use, if {@code postbane-archive} made them; they are passed over where they suit jar or Java not. */
    private static void addArchive(Path jar, List<String> command) {
        String name = jar.toString();
        Path archive = Path.of(name.endsWith(".jar") ? name.substring(0, name.length() - 4) + ".jsa" : name + ".jsa");
        if (Files.isReadable(archive) && isOfTheSameOwner(archive, jar)) {
            command.addAll(List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:cds*=off", "-Xlog:class+path=off"));
        }
    }

    /** In a directory where all may write, the archive could be a stranger's. */
    private static boolean isOfTheSameOwner(Path archive, Path jar) {
        try {
            return Files.getOwner(archive).equals(Files.getOwner(jar));
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** About how much there is to read. */
    private static long bytes(String[] words) {
        long bytes = 0;
        for (String word : words) {
            boolean packed = word.endsWith(".gz") || word.endsWith(".zst");
            bytes += new File(word).length() * (packed ? PACKED : 1); // 0 for what is no file
        }
        return bytes;
    }

    private static boolean isChosen() {
        for (String variable : CHOICES) { // no stream and no lambda here: they cost as much as the JVM itself
            if (System.getenv(variable) != null) {
                return true;
            }
        }
        return false;
    }

    private static boolean readsLogs(String word) {
        return word.equals("scan") || word.equals("events");
    }

    /** Who ends this process means that one. */
    private static final class End extends Thread {

        private final Process process;

        End(Process process) {
            this.process = process;
        }

        @Override
        public void run() {
            process.destroy();
        }
    }

    /** In the second JVM: ends it once the first is no more, with the status of a process that was killed. */
    private static final class Orphan extends Thread {

        private static final long MILLIS = 1000;
        private static final int KILLED = 128 + 9;

        private final String parent;

        Orphan(String parent) {
            super("parent");
            this.parent = parent;
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                do {
                    Thread.sleep(MILLIS); // first: most scans are over by then
                } while (parent.equals(parentNow()));
                Runtime.getRuntime().halt(KILLED);
            } catch (InterruptedException e) {
                // nobody interrupts it
            }
        }

        private static String parentNow() {
            return ProcessHandle.current()
                    .parent()
                    .map(handle -> Long.toString(handle.pid()))
                    .orElse("");
        }
    }

    private static OptionalInt run(List<String> command) {
        Process process;
        try {
            process = new ProcessBuilder(command).inheritIO().start();
        } catch (IOException e) {
            return OptionalInt.empty(); // no memory for a second process, for instance: then it takes longer
        }
        try {
            Runtime.getRuntime().addShutdownHook(new End(process));
        } catch (IllegalStateException e) {
            process.destroy(); // this process is to end already
        }
        while (true) {
            try {
                return OptionalInt.of(process.waitFor());
            } catch (InterruptedException e) {
                // nobody interrupts the main thread
            }
        }
    }
}
