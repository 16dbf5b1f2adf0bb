package org.postbane.decide;

import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import org.postbane.score.OffenceKind;
import org.postbane.score.Scored;
import org.postbane.score.Standing;
import org.postbane.score.Weighing;
import org.postbane.score.Weighing.Memory;

/** Says for people, on one line, why a standing deserves a ban. Holds numbers and the configuration's words only. */
final class Reason {

    private Reason() {}

    static String of(Scored scored, Sentencing sentencing) {
        StringBuilder text = new StringBuilder(96);
        if (sentencing.limit() instanceof Sentencing.Limit.Severity limit) {
            text.append("severity ");
            fixed(scored.severity(), 3, text);
            text.append(" (limit ").append(number(limit.threshold())).append(')');
        } else if (sentencing.limit() instanceof Sentencing.Limit.Count limit) {
            count(scored, limit, text);
        }
        if (sentencing.alpha().isPresent() && scored.weighing().weighsTrials()) {
            text.append(", certainty 10^");
            fixed(scored.standing().evidence().log10(), 1, text);
            text.append(" (asked 10^");
            fixed(-Math.log10(sentencing.alpha().getAsDouble()), 1, text);
            text.append(')');
        }
        Standing standing = scored.standing();
        if (standing.victims() > 0) {
            counted(text.append(", "), standing.victims(), "victim", "victims");
            if (standing.messages() > 0) { // else forgiven between the verdict and its victims
                counted(text.append(" in "), standing.messages(), "message", "messages");
            }
        }
        return text.toString();
    }

    private static void count(Scored scored, Sentencing.Limit.Count limit, StringBuilder text) {
        Weighing weighing = scored.weighing();
        boolean once = scored.points() == 1;
        if (weighing.weights().equals(Map.of(OffenceKind.TRAP, 1.0))) {
            text.append("mail to a trap: ").append(number(scored.points())).append(once ? " hit" : " hits");
        } else {
            text.append(number(scored.points())).append(' ').append(unit(weighing, once));
        }
        if (weighing.memory() instanceof Memory.Window window) {
            text.append(" within ").append(span(window.length()));
        }
        text.append(" (limit ").append(number(limit.maxRetry())).append(')');
    }

    private static String unit(Weighing weighing, boolean once) {
        Iterator<Map.Entry<OffenceKind, Double>> weights =
                weighing.weights().entrySet().iterator();
        Map.Entry<OffenceKind, Double> only = weights.hasNext() ? weights.next() : null;
        if (only == null || weights.hasNext() || only.getValue() != 1) {
            return once ? "point" : "points";
        }
        return switch (only.getKey()) {
            case AUTH_FAILURE -> once ? "auth failure" : "auth failures";
            case REJECT -> once ? "refused command" : "refused commands";
            case REJECT_UNKNOWN_USER -> once ? "unknown recipient" : "unknown recipients";
            case REJECT_RELAY -> once ? "attempt to relay" : "attempts to relay";
            case REJECT_DNSBL -> once ? "refusal by DNS list" : "refusals by DNS list";
            case REJECT_HELO -> once ? "refused HELO" : "refused HELOs";
            case REJECT_SENDER -> once ? "refused sender" : "refused senders";
            case REJECT_LOGIN_MISMATCH -> once ? "sender of another login" : "senders of other logins";
            case REJECT_ACCESS -> once ? "refused access" : "refused accesses";
            case REJECT_POLICY -> once ? "refusal by its domain's policy" : "refusals by its domain's policy";
            case PROTOCOL_ERROR -> once ? "protocol error" : "protocol errors";
            case LOST_CONNECTION -> once ? "lost connection" : "lost connections";
            case RATE_LIMIT -> once ? "rate limit hit" : "rate limit hits";
            case POSTSCREEN -> once ? "failed postscreen test" : "failed postscreen tests";
            case SPAM -> once ? "spam victim" : "spam victims";
            case VIRUS -> once ? "virus victim" : "virus victims";
            case BANNED -> once ? "victim of forbidden files" : "victims of forbidden files";
            case TRAP -> once ? "trap hit" : "trap hits";
        };
    }

    private static void counted(StringBuilder text, long number, String one, String many) {
        text.append(number).append(' ').append(number == 1 ? one : many);
    }

    /** As {@code %.3f}. Each further offence of a banned client gets here, and a Formatter costs as much as ten lines of log. */
    private static void fixed(double number, int decimals, StringBuilder text) {
        int unit = decimals == 1 ? 10 : 1000;
        long scaled = Math.round(Math.abs(number) * unit);
        text.append(number < 0 && scaled > 0 ? "-" : "").append(scaled / unit).append('.');
        String fraction = Long.toString(unit + scaled % unit);
        text.append(fraction, 1, fraction.length());
    }

    /** At most three decimals, no trailing zeros. */
    static String number(double number) {
        if (!(Math.abs(number) < 1e12)) {
            return Double.toString(number);
        }
        StringBuilder text = new StringBuilder(16);
        fixed(number, 3, text);
        int end = text.length();
        while (text.charAt(end - 1) == '0') {
            end--;
        }
        text.setLength(text.charAt(end - 1) == '.' ? end - 1 : end);
        return text.toString();
    }

    /** As in the configuration: the largest unit that divides it, {@code 10m}, {@code 36h}. */
    static String span(Duration span) {
        long seconds = span.toSeconds();
        if (seconds >= 86_400 && seconds % 86_400 == 0) {
            return seconds / 86_400 + "d";
        }
        if (seconds >= 3600 && seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        return seconds >= 60 && seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }
}
