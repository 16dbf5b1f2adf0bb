package org.postbane.fuzz;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The least of a log in which something is wrong that is wrong for the same reason, and that software may have written: without
 * sessions that do not matter, and without the last lines of the others, as a session may last; with lines that were lost, where
 * these do not matter; and with short texts of strangers. No line from within a session is left out, as that would be one more lost.
 */
final class LeastLog {

    /** Strangers' texts: local parts, Message-IDs, HELOs, logins. */
    private static final Pattern TEXT = Pattern.compile(
            "<\"(.+?)\"@x\\.example>|message-id=(.+)|Message-ID: (.+?), mail_id|helo=<(.+)>$|sasl_username=(.+)|said: 550 (.+)\\)$");

    private final String reason;
    private List<String> lines;
    private Set<String> lost;

    private LeastLog(List<String> whole, List<String> log) {
        this.reason = reason(log);
        this.lines = whole;
        this.lost = new HashSet<>(whole);
        lost.removeAll(new HashSet<>(log));
    }

    /**
     * @param whole also with the lines that were lost
     * @param log that fails
     * @return the lines, where lost ones begin with {@code #}
     */
    static List<String> of(List<String> whole, List<String> log) {
        LeastLog least = new LeastLog(whole, log);
        if (!least.reason.isEmpty()) {
            least.leaveOutSessions();
            least.endSessionsEarlier();
            least.findLost();
            least.shorten();
        }
        return least.lines.stream()
                .map(line -> least.lost.contains(line) ? "# lost: " + line : line)
                .toList();
    }

    private void leaveOutSessions() {
        boolean again = true;
        while (again) {
            again = false;
            for (Integer session :
                    lines.stream().map(Sessions::session).distinct().toList()) {
                again |= accept(
                        lines.stream()
                                .filter(line -> Sessions.session(line) != session)
                                .toList(),
                        lost);
            }
        }
    }

    private void endSessionsEarlier() {
        for (Integer session : lines.stream().map(Sessions::session).distinct().toList()) {
            boolean shorter = true;
            while (shorter) {
                List<String> fewer = new ArrayList<>(lines);
                for (int i = fewer.size() - 1; i >= 0; i--) {
                    if (Sessions.session(fewer.get(i)) == session) {
                        fewer.remove(i);
                        break;
                    }
                }
                shorter = fewer.size() < lines.size() && accept(fewer, lost);
            }
        }
    }

    private void findLost() {
        for (String line : List.copyOf(lost)) {
            Set<String> fewer = new HashSet<>(lost);
            fewer.remove(line);
            accept(lines, fewer);
        }
    }

    private void shorten() {
        Set<String> texts = new HashSet<>();
        for (String line : lines) {
            for (Matcher found = TEXT.matcher(line); found.find(); ) {
                for (int i = 1; i <= found.groupCount(); i++) {
                    texts.add(found.group(i) == null ? "x" : found.group(i));
                }
            }
        }
        List<String> longest = texts.stream()
                .filter(text -> text.length() > 8)
                .sorted(Comparator.comparing(String::length).reversed())
                .toList();
        for (String text : longest) {
            UnaryOperator<String> shorter = line -> line.replace(text, "x" + longest.indexOf(text));
            accept(
                    lines.stream().map(shorter).toList(),
                    new HashSet<>(lost.stream().map(shorter).toList()));
        }
    }

    /** Takes these for the log, if the same is wrong with them. */
    private boolean accept(List<String> fewer, Set<String> lostOfThem) {
        List<String> log =
                fewer.stream().filter(line -> !lostOfThem.contains(line)).toList();
        if (!reason(log).equals(reason)) {
            return false;
        }
        lines = fewer;
        lost = new HashSet<>(lostOfThem);
        lost.retainAll(new HashSet<>(fewer));
        return true;
    }

    /** What is wrong, without names and numbers. */
    private static String reason(List<String> log) {
        return new BlameCheck().fault(log).orElse("").replaceAll(":.*|[0-9]+", "");
    }
}
