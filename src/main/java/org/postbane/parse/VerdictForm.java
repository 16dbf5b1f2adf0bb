package org.postbane.parse;

import java.util.Optional;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Whether a filter's verdicts have the form that is understood. An administrator may give them another one, and then nobody is
 * blamed, and nobody knows why: so the lines that must be verdicts are counted, those that were understood and those that were
 * not.
 */
final class VerdictForm {

    /** A few lines that were cut, or hold hostile text, are no sign of another form. */
    private static final int SEVERAL = 3;

    private final String complaint;
    private final Mark[] signs;
    private long understood;
    private long missed;

    /**
     * @param complaint for people
     * @param signs a line with one of these is a verdict
     */
    VerdictForm(String complaint, String... signs) {
        this.complaint = complaint;
        this.signs = new Mark[signs.length];
        for (int i = 0; i < signs.length; i++) {
            this.signs[i] = Mark.of(signs[i]);
        }
    }

    void understood() {
        understood++;
    }

    /** A line that was not understood. */
    void missed(Line body) {
        for (Mark sign : signs) {
            if (body.indexOf(sign, body.start()) >= 0) {
                missed++;
                return;
            }
        }
    }

    /** What an administrator should know; empty while most verdicts are understood. */
    Optional<String> complaint() {
        return missed >= SEVERAL && missed > understood ? Optional.of(complaint) : Optional.empty();
    }
}
