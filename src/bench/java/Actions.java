import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.postbane.act.Action;
import org.postbane.act.IpsetAction;
import org.postbane.act.IpsetSettings;
import org.postbane.act.IptablesSettings;
import org.postbane.act.MapType;
import org.postbane.act.NftAction;
import org.postbane.act.NftSettings;
import org.postbane.act.PostfixMapAction;
import org.postbane.act.PostfixMapSettings;
import org.postbane.act.SubjectKind;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.host.Nft;
import org.postbane.model.Subject;

/** Times of actions with many bans, in the network namespace and directory that it is started in. */
final class Actions {

    private static final int BATCH = 1000;
    private static final int SAMPLES = 200;
    private static final Duration WEEK = Duration.ofDays(7);

    /** What is timed. */
    private interface Step {
        void run() throws Exception;
    }

    private Actions() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        int few = Integer.parseInt(arguments[1]);
        int many = Integer.parseInt(arguments[2]);
        processes(Integer.parseInt(arguments[3]));
        try (Action nft = nft()) {
            firewall("nftables", nft, few);
            single(nft, 5000);
        }
        if (Files.isExecutable(Path.of("/usr/sbin/ipset"))) {
            var rules = new IptablesSettings(
                    "ipset", "postbane", NftSettings.Hook.PREROUTING, List.of(25), NftSettings.Verdict.DROP);
            try (Action ipset =
                    new IpsetAction(new IpsetSettings("postbane", 1 << 20, rules), InstantSource.system())) {
                firewall("ipset", ipset, few);
                many("ipset", ipset, many);
            }
        }
        try (Action nft = nft()) {
            timed("nftables: reconcile into an empty table", () -> nft.reconcile(List.of()));
            many("nftables", nft, many);
            single(nft, 5000);
        }
        for (MapType type : List.of(MapType.HASH, MapType.LMDB)) {
            var settings = new PostfixMapSettings(
                    "map",
                    directory.resolve("client-" + type),
                    SubjectKind.CLIENT,
                    Optional.of(type),
                    PostfixMapSettings.TEXT,
                    false,
                    Duration.ZERO,
                    Optional.of(directory));
            try (Action map = new PostfixMapAction(settings, InstantSource.system())) {
                List<Ban> bans = bans(few, WEEK);
                timed("%s: rebuild with %d".formatted(type, few), () -> map.reconcile(bans));
            }
        }
    }

    private static Action nft() {
        return new NftAction(NftSettings.defaults("nftables"), Nft.open(), InstantSource.system());
    }

    private static void firewall(String name, Action action, int count) throws Exception {
        action.reconcile(List.of());
        List<Ban> bans = bans(count, WEEK);
        timed("%s: add %d, %d a batch".formatted(name, count, BATCH), () -> apply(action, bans, false));
        timed("%s: reconcile %d".formatted(name, count), () -> action.reconcile(bans));
        timed("%s: look with %d".formatted(name, count), () -> expect(action.isIntact(), "the place is intact"));
        timed("%s: lift %d, %d a batch".formatted(name, count, BATCH), () -> apply(action, bans, true));
        expire(name, action, count);
    }

    /** Bans that end by themselves, all in the same second. */
    private static void expire(String name, Action action, int count) throws Exception {
        Duration term = Duration.ofSeconds(60);
        List<Ban> brief = bans(count, term);
        timed("%s: add %d, of %d s each".formatted(name, count, term.toSeconds()), () -> apply(action, brief, false));
        expect(held(action, brief) == SAMPLES, "they hold");
        Thread.sleep(Math.max(
                        0, Duration.between(Instant.now(), brief.get(0).until()).toMillis())
                + 2000); // whole seconds, rounded up
        expect(held(action, brief) == 0, "they have expired");
        expect(action.isIntact(), "the place is intact");
        System.out.printf(
                "%s: 2 s after their end %d of %d samples of %d bans hold%n",
                name, held(action, brief), SAMPLES, count);
    }

    private static int held(Action action, List<Ban> bans) throws Exception {
        int held = 0;
        for (int i = 0; i < SAMPLES; i++) {
            Subject subject = bans.get((int) ((long) i * (bans.size() - 1) / (SAMPLES - 1)))
                    .subject();
            held += action.holds(subject).orElseThrow() ? 1 : 0;
        }
        return held;
    }

    private static void many(String name, Action action, int count) throws Exception {
        List<Ban> bans = bans(count, WEEK);
        timed("%s: add %d, %d a batch".formatted(name, count, BATCH), () -> apply(action, bans, false));
        timed(
                "%s: change the end of %d of %d".formatted(name, 10 * BATCH, count),
                () -> apply(action, bans(10 * BATCH, WEEK.multipliedBy(2)), false));
        timed("%s: look with %d".formatted(name, count), () -> expect(action.isIntact(), "the place is intact"));
        timed("%s: reconcile %d".formatted(name, count), () -> action.reconcile(bans));
        Duration term = Duration.ofSeconds(60);
        List<Ban> brief = bans(count, term);
        timed("%s: reconcile %d, of %d s each".formatted(name, count, term.toSeconds()), () -> action.reconcile(brief));
        Thread.sleep(Math.max(
                        0, Duration.between(Instant.now(), brief.get(0).until()).toMillis())
                + 2000);
        expect(!action.holds(brief.get(count - 1).subject()).orElse(false), "they have expired");
        System.out.printf("%s: %d have ended by themselves%n", name, count);
    }

    /** One ban a batch, as when one client is convicted. */
    private static void single(Action action, int count) throws Exception {
        List<Ban> bans = bans(1 << 21, count, WEEK);
        for (Ban ban : bans.subList(0, count / 5)) { // the machine warms up
            action.apply(List.of(new Decision.Impose(ban)));
        }
        long begin = System.nanoTime();
        long cpu = cpu();
        for (Ban ban : bans) {
            action.apply(List.of(new Decision.Impose(ban)));
        }
        say("nftables: one ban a batch, each", (System.nanoTime() - begin) / count, (cpu() - cpu) / count);
    }

    /** What fail2ban does: a shell and a program for each ban. */
    private static void processes(int count) throws Exception {
        run("nft add table inet others; nft add set inet others s '{ type ipv4_addr; flags timeout; }'");
        long begin = System.nanoTime();
        for (Ban ban : bans(count, WEEK)) {
            run("nft add element inet others s { %s timeout 1h }".formatted(ban.subject()));
        }
        say("one process a ban (sh, nft), each", (System.nanoTime() - begin) / count, 0);
        run("nft delete table inet others");
    }

    private static void run(String command) throws Exception {
        expect(
                new ProcessBuilder(
                                        "sh",
                                        "-c",
                                        command.replace("{ ", "'{ ")
                                                .replace(" }", " }'")
                                                .replace("''", "'"))
                                .inheritIO()
                                .start()
                                .waitFor()
                        == 0,
                command);
    }

    private static void apply(Action action, List<Ban> bans, boolean lift) throws Exception {
        for (int from = 0; from < bans.size(); from += BATCH) {
            List<Decision> batch = new ArrayList<>();
            for (Ban ban : bans.subList(from, Math.min(from + BATCH, bans.size()))) {
                batch.add(lift ? new Decision.Lift(ban, Decision.Cause.OPERATOR) : new Decision.Impose(ban));
            }
            action.apply(batch);
        }
    }

    private static List<Ban> bans(int count, Duration term) {
        return bans(0, count, term);
    }

    /** Of addresses in 10.0.0.0/8. */
    private static List<Ban> bans(int first, int count, Duration term) {
        Instant now = Instant.now();
        List<Ban> bans = new ArrayList<>(count);
        for (int i = first; i < first + count; i++) {
            Subject subject = Subject.parse("10.%d.%d.%d".formatted(i >> 16, i >> 8 & 255, i & 255));
            bans.add(new Ban(subject, "spam", now, now.plus(term), "measured"));
        }
        return bans;
    }

    private static void timed(String what, Step step) throws Exception {
        long begin = System.nanoTime();
        long cpu = cpu();
        step.run();
        say(what, System.nanoTime() - begin, cpu() - cpu);
    }

    /** Of this thread, the kernel's work for it included; not of programs that it starts. */
    private static long cpu() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static void say(String what, long nanos, long cpu) {
        System.out.printf("%-58s %,12.3f ms %,12.3f ms of CPU time%n", what, nanos / 1e6, cpu / 1e6);
    }

    private static void expect(boolean good, String what) {
        if (!good) {
            throw new IllegalStateException("not so: " + what);
        }
    }
}
