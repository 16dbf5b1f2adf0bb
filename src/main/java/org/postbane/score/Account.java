package org.postbane.score;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.postbane.score.Standing.Weight;
import org.postbane.score.Weighing.Memory;
import org.postbane.score.Weighing.Memory.HalfLife;

/**
 * A {@link Standing} that is changed in place: what {@link Standing#plus} does, and all arithmetic of it, is here. Millions of deeds
 * are replayed, and of the subjects, which live long, each new object would be one that the collector has to move.
 *
 * <p>For one thread. Some 120 bytes, for a memory of half-life.
 */
class Account {

    private static final int SLOTS = 128; // of a window, into which its weights are joined where there are too many

    private double points;
    private long second; // with nano: as of when
    private int nano;
    private double l20;
    private double l40;
    private double l60;
    private double l80;
    private double l95;
    private List<Weight> window = List.of(); // immutable
    private long victims;
    private long messages;

    /** Stands as {@code standing} says. */
    Account(Standing standing) {
        set(standing);
    }

    final void set(Standing standing) {
        Instant asOf = standing.asOf();
        points = standing.points();
        second = asOf.getEpochSecond();
        nano = asOf.getNano();
        Evidence evidence = standing.evidence();
        l20 = evidence.l20();
        l40 = evidence.l40();
        l60 = evidence.l60();
        l80 = evidence.l80();
        l95 = evidence.l95();
        window = standing.window();
        victims = standing.victims();
        messages = standing.messages();
    }

    /** A copy of how it stands. */
    final Standing standing() {
        return new Standing(
                points,
                Instant.ofEpochSecond(second, nano),
                new Evidence(l20, l40, l60, l80, l95),
                window,
                victims,
                messages);
    }

    /**
     * All in one step.
     *
     * @param weight points of an offence at {@code t}
     * @param spam trials of honesty at {@code t} that it did not stand; negative to take back
     * @param ham trials that it stood, likewise
     * @param moreVictims only told to people, as {@code moreMessages}
     */
    final void add(Instant t, double weight, int spam, int ham, int moreVictims, int moreMessages, Memory memory) {
        // what is left of what was, or of what comes now but late: of evidence, and of points that halve
        double age = t.getEpochSecond() - second + (t.getNano() - nano) * 1e-9;
        double left = age == 0 ? 1 : Math.pow(0.5, Math.abs(age) / memory.evidenceHalfLife());
        boolean isLate = t.getEpochSecond() < second || t.getEpochSecond() == second && t.getNano() < nano;
        double old = isLate ? 1 : left;
        double late = isLate ? left : 1;
        if (!isLate) {
            second = t.getEpochSecond();
            nano = t.getNano();
        }
        fade(old, spam * late, ham * late);
        victims += moreVictims;
        messages += moreMessages;
        if (memory instanceof HalfLife) {
            // at most the largest number: a store of nonsense must not end the process
            points = Math.min(points * old + weight * late, Double.MAX_VALUE);
        } else {
            window = List.copyOf(
                    counting(isLate ? Instant.ofEpochSecond(second, nano) : t, t, weight, Standing.length(memory)));
        }
    }

    private void fade(double factor, double spam, double ham) {
        l20 = l20 * factor + spam * Evidence.SPAM.l20() + ham * Evidence.HAM.l20();
        l40 = l40 * factor + spam * Evidence.SPAM.l40() + ham * Evidence.HAM.l40();
        l60 = l60 * factor + spam * Evidence.SPAM.l60() + ham * Evidence.HAM.l60();
        l80 = l80 * factor + spam * Evidence.SPAM.l80() + ham * Evidence.HAM.l80();
        l95 = l95 * factor + spam * Evidence.SPAM.l95() + ham * Evidence.HAM.l95();
    }

    private List<Weight> counting(Instant now, Instant t, double weight, double length) {
        List<Weight> counting = Standing.since(window, now, length);
        boolean counts = weight > 0 && Standing.secondsBetween(t, now) < length;
        return counts ? inserted(counting, new Weight(t, weight), length) : counting;
    }

    /** The list stays sorted, as a late weight is put where its time belongs. */
    private static List<Weight> inserted(List<Weight> window, Weight weight, double length) {
        List<Weight> all = new ArrayList<>(window.size() + 1);
        all.addAll(window);
        int place = all.size();
        while (place > 0 && all.get(place - 1).at().isAfter(weight.at())) {
            place--;
        }
        all.add(place, weight);
        return all.size() > Standing.MAX_WINDOW ? joined(all, length / SLOTS) : all;
    }

    private static List<Weight> joined(List<Weight> weights, double slotLength) {
        List<Weight> joined = new ArrayList<>();
        double lastSlot = Double.NaN;
        for (Weight weight : weights) {
            double slot = Math.floor(Standing.seconds(weight.at()) / slotLength);
            if (slot == lastSlot) {
                Weight before = joined.remove(joined.size() - 1);
                joined.add(new Weight(weight.at(), before.points() + weight.points()));
            } else {
                joined.add(weight);
            }
            lastSlot = slot;
        }
        return joined;
    }
}
