package org.postbane.score;

/**
 * How sure it is that a client is dishonest: one test, kept up to date with each message, that may be looked at after
 * every one of them. For a client whose true spam share is at most p0 = 0.05, the chance that E <i>ever</i> reaches 1/alpha
 * is at most alpha (Ville's inequality for non-negative supermartingales; a fixed interval such as Wilson's does not keep
 * its promise when it is looked at repeatedly).
 *
 * <pre>E = mean over p in {0.2, 0.4, 0.6, 0.8, 0.95} of (p/p0)^spam * ((1-p)/(1-p0))^ham</pre>
 *
 * Held as the natural logarithms of the five products, so that it neither overflows nor forgets; multiplying a logarithm
 * by a factor below 1 lets its messages fade.
 */
public record Evidence(double l20, double l40, double l60, double l80, double l95) {

    /** The highest spam share that an honest client may have. */
    public static final double P0 = 0.05;

    /** No message seen yet: E = 1. */
    public static final Evidence NONE = new Evidence(0, 0, 0, 0, 0);

    /** What one spam message adds, and one ham message. */
    static final Evidence SPAM = new Evidence(spam(0.2), spam(0.4), spam(0.6), spam(0.8), spam(0.95));

    static final Evidence HAM = new Evidence(ham(0.2), ham(0.4), ham(0.6), ham(0.8), ham(0.95));

    private static double spam(double p) {
        return Math.log(p / P0);
    }

    private static double ham(double p) {
        return Math.log((1 - p) / (1 - P0));
    }

    /** After {@code spam} more spam messages and {@code ham} more ham messages; either may be negative to take back. */
    public Evidence plus(double spam, double ham) {
        if (spam == 0 && ham == 0) {
            return this;
        }
        return new Evidence(
                l20 + spam * SPAM.l20 + ham * HAM.l20,
                l40 + spam * SPAM.l40 + ham * HAM.l40,
                l60 + spam * SPAM.l60 + ham * HAM.l60,
                l80 + spam * SPAM.l80 + ham * HAM.l80,
                l95 + spam * SPAM.l95 + ham * HAM.l95);
    }

    /** All messages fade to {@code factor} (0 to 1) of their weight. */
    public Evidence faded(double factor) {
        if (factor == 1 || l20 == 0 && l95 == 0) {
            return this; // as most subjects of jails that count no messages
        }
        return new Evidence(l20 * factor, l40 * factor, l60 * factor, l80 * factor, l95 * factor);
    }

    /** The decimal logarithm of E. */
    public double log10() {
        double most = Math.max(Math.max(Math.max(l20, l40), Math.max(l60, l80)), l95);
        double sum = Math.exp(l20 - most)
                + Math.exp(l40 - most)
                + Math.exp(l60 - most)
                + Math.exp(l80 - most)
                + Math.exp(l95 - most);
        return (most + Math.log(sum / 5)) / Math.log(10);
    }
}
