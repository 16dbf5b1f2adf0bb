package org.postbane.correlate;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * Which of several verdicts may be on which of several messages, each on one, and each message with as many as a filter ran for it.
 * Augmenting paths (Kuhn, "The Hungarian Method", 1955): a verdict takes the place of another one that finds another message.
 */
final class Matching {

    private final List<Mail> mails;
    /** By verdict and message. */
    private final boolean[][] may;
    /** How many verdicts each message can have. */
    private final int[] room;

    private final boolean whole;

    Matching(List<Unplaced> verdicts, List<Mail> mails, Instant now) {
        this.mails = mails;
        may = new boolean[verdicts.size()][mails.size()];
        room = new int[mails.size()];
        for (int m = 0; m < room.length; m++) {
            Mail mail = mails.get(m);
            room[m] = Math.max(1, mail.runs.size());
            for (int v = 0; v < may.length; v++) {
                Unplaced verdict = verdicts.get(v);
                may[v][m] = verdict.mayBeOn(mail, now);
            }
        }
        whole = isWhole(room.clone());
    }

    /** Whether there is a message for each verdict. */
    boolean isWhole() {
        return whole;
    }

    /** Whether there is if one more is on this message. */
    boolean leaves(Mail mail) {
        int[] free = room.clone();
        free[mails.indexOf(mail)]--;
        return isWhole(free);
    }

    /** Whether there is without this message, if each other one has as many verdicts as it can have at most. */
    boolean leavesOut(Mail mail) {
        int[] free = new int[room.length];
        for (int m = 0; m < free.length; m++) {
            free[m] = most(mails.get(m));
        }
        free[mails.indexOf(mail)] = 0;
        return isWhole(free);
    }

    /** Where the runs are not known, a filter may have been asked for each recipient. */
    static int most(Mail mail) {
        int runs = mail.runs.size();
        return Stay.hasAllRuns(mail) || mail.isFromHere() || mail.pickedUp
                ? Math.max(runs, 1)
                : Math.max(Math.max(runs, 1), Math.max(mail.recipientsInQueue, mail.told));
    }

    private boolean isWhole(int[] free) {
        int[] of = new int[may.length];
        Arrays.fill(of, -1);
        for (int v = 0; v < may.length; v++) {
            if (!place(v, of, free, new boolean[room.length])) {
                return false;
            }
        }
        return true;
    }

    private boolean place(int verdict, int[] of, int[] free, boolean[] seen) {
        for (int m = 0; m < free.length; m++) {
            if (!may[verdict][m] || seen[m]) {
                continue;
            }
            seen[m] = true;
            if (free[m] > 0) {
                free[m]--;
                of[verdict] = m;
                return true;
            }
            for (int other = 0; other < of.length; other++) {
                if (of[other] == m && place(other, of, free, seen)) {
                    of[verdict] = m;
                    return true;
                }
            }
        }
        return false;
    }
}
