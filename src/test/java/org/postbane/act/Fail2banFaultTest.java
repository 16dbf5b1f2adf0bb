package org.postbane.act;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.testing.RealFail2ban;

/** {@link Fail2banAction} when a real fail2ban-server, or the way to it, breaks. */
@Timeout(120)
class Fail2banFaultTest extends FaultContract.OfPlace {

    private static final Pattern BLANKS = Pattern.compile("\\s+");

    @TempDir
    static Path serverDir;

    @TempDir
    Path dir;

    private RealFail2ban server;
    private StandIn standIn;

    @BeforeAll
    void startServer() throws Exception {
        RealFail2ban.needed();
        server = RealFail2ban.start(serverDir, "/bin", """
                [postbane]
                enabled = true
                action =
                """);
    }

    @AfterAll
    void stopServer() {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void install() throws IOException {
        standIn = new StandIn(
                dir.resolve("standin"),
                "*\" set \"*",
                StandIn.halfOfArguments("fail2ban-client -s SOCKET set JAIL banip".split(" ").length));
    }

    @AfterEach
    void empty() throws Exception {
        server.client("unban", "--all");
    }

    @Override
    List<Fault> faults() {
        List<Fault> faults = new ArrayList<>(ofProgram(() -> standIn));
        faults.add(Fault.healing("all are let go by hand", () -> server.client("unban", "--all")));
        faults.add(
                Fault.healing("one is let go by hand", () -> server.client("set", "postbane", "unbanip", "192.0.2.2")));
        faults.add(Fault.healing(
                "somebody else bans there", () -> server.client("set", "postbane", "banip", "203.0.113.9")));
        faults.add(new Fault("the server is killed", server::kill, server::startAgain));
        faults.add(new Fault("the jail is stopped", () -> server.client("stop", "postbane"), () -> {
            server.close();
            server.startAgain();
        }));
        return faults;
    }

    /** Each takes seconds. */
    @Override
    List<Fault> lasting() {
        return super.lasting().stream()
                .filter(fault -> fault.name().equals(StandIn.Mood.KILLED_HALF_WAY.name())
                        || fault.name().equals("the server is killed"))
                .toList();
    }

    @Override
    Action open() {
        return new Fail2banAction(
                new Fail2banSettings("fail2ban", "postbane", Optional.of(server.socket())),
                InstantSource.system(),
                new Programs("fail2ban", standIn.before(), StandIn.PATIENCE.multipliedBy(2)));
    }

    @Override
    Set<String> held() throws Exception {
        return BLANKS.splitAsStream(server.client("get", "postbane", "banip").strip())
                .filter(word -> !word.isEmpty())
                .collect(Collectors.toSet());
    }
}
