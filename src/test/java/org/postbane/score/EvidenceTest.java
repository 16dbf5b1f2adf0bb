package org.postbane.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvidenceTest {

    private static final double[] GRID = {0.2, 0.4, 0.6, 0.8, 0.95};

    private static double byTheFormula(int spam, int ham) {
        double sum = 0;
        for (double p : GRID) {
            sum += Math.pow(p / 0.05, spam) * Math.pow((1 - p) / 0.95, ham);
        }
        return sum / GRID.length;
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 11.8", "2, 168.2", "3, 2652"})
    void log10_allSpam_isAsInTheDesign(int spam, double expected) {
        double e = Math.pow(10, Evidence.NONE.plus(spam, 0).log10());

        assertEquals(expected, e, expected / 2000);
    }

    @Test
    void log10_smallCounts_isTheFormula() {
        for (int spam = 0; spam < 30; spam++) {
            for (int ham = 0; ham < 30; ham++) {
                double expected = Math.log10(byTheFormula(spam, ham));

                assertEquals(expected, Evidence.NONE.plus(spam, ham).log10(), 1e-9, spam + " " + ham);
            }
        }
    }

    @Test
    void plus_oneByOneInAnyOrder_isAllAtOnce() {
        Random random = new Random(31);
        Evidence evidence = Evidence.NONE;
        int spam = 0;
        for (int i = 0; i < 1000; i++) {
            boolean isSpam = random.nextInt(3) == 0;
            evidence = evidence.plus(isSpam ? 1 : 0, isSpam ? 0 : 1);
            spam += isSpam ? 1 : 0;
        }

        assertEquals(Evidence.NONE.plus(spam, 1000 - spam).log10(), evidence.log10(), 1e-6);
    }

    @Test
    void plus_takenBack_isAsBefore() {
        Evidence hamThenSpam = Evidence.NONE.plus(3, 5).plus(0, 1).plus(1, -1);

        assertEquals(Evidence.NONE.plus(4, 5).log10(), hamThenSpam.log10(), 1e-12);
    }

    @Test
    void log10_millionsOfMessages_neitherOverflowsNorIsNaN() {
        assertTrue(Double.isFinite(Evidence.NONE.plus(1e7, 0).log10()));
        assertTrue(Double.isFinite(Evidence.NONE.plus(0, 1e7).log10()));
    }

    /** Ville's inequality, by trial: of clients that are as bad as an honest one may be, few are ever taken for bad. */
    @Test
    void evidence_everReachingOneOverAlpha_isRarerThanAlpha() {
        Random random = new Random(32);
        double alpha = 0.05;
        int clients = 2000;
        int condemned = 0;
        for (int client = 0; client < clients; client++) {
            Evidence evidence = Evidence.NONE;
            boolean ever = false;
            for (int message = 0; message < 1000 && !ever; message++) {
                boolean spam = random.nextDouble() < Evidence.P0;
                evidence = evidence.plus(spam ? 1 : 0, spam ? 0 : 1);
                ever = evidence.log10() >= -Math.log10(alpha);
            }
            condemned += ever ? 1 : 0;
        }

        double noise = 3 * Math.sqrt(alpha * (1 - alpha) / clients);
        double share = (double) condemned / clients;
        assertTrue(share <= alpha + noise, "share " + share);
    }

    /** Fading must not break the bound at any one moment (Jensen: the mean of M^f is at most the mean of M, to the f). */
    @Test
    void evidence_fadingAllTheTime_keepsTheBoundAtEachMoment() {
        Random random = new Random(33);
        double alpha = 0.05;
        int clients = 2000;
        int[] condemned = new int[300];
        for (int client = 0; client < clients; client++) {
            Evidence evidence = Evidence.NONE;
            for (int message = 0; message < condemned.length; message++) {
                boolean spam = random.nextDouble() < Evidence.P0;
                evidence = evidence.faded(0.98).plus(spam ? 1 : 0, spam ? 0 : 1);
                condemned[message] += evidence.log10() >= -Math.log10(alpha) ? 1 : 0;
            }
        }

        double noise = 4 * Math.sqrt(alpha * (1 - alpha) / clients);
        for (int count : condemned) {
            assertTrue((double) count / clients <= alpha + noise, "share " + (double) count / clients);
        }
    }

    /** The relay of the design: 0.5 % spam in 1000 messages; and a spammer of whose mail half is found out. */
    @Test
    void evidence_bigRelayAndSpammer_areToldApart() {
        assertTrue(Evidence.NONE.plus(5, 995).log10() < -3);
        assertTrue(Evidence.NONE.plus(5, 5).log10() > 3);
    }
}
