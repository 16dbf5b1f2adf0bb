package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;

/**
 * What is joined by amavis's own id of a message: verdicts on messages that were not passed on, where the line names no queue
 * id, until Postfix prints amavis's reply; and messages that smtpd refused with amavis's reply before they were queued,
 * until the verdict comes. In the same way a milter's refusal without words waits for clamav-milter's own line, and OpenSMTPD's
 * for rspamd's.
 *
 * <p>Memory: the oldest go where there are too many.
 */
final class Strays extends Remembered {

    private static final int MOST = 10_000;
    private static final Duration VERDICTS = Duration.ofSeconds(30);
    private static final Duration REFUSED = Duration.ofSeconds(2);

    private final Map<String, Pending> verdicts = new LinkedHashMap<>();
    private final Map<String, Refused> refused = new LinkedHashMap<>();
    private final Sayings sayings;
    private final Consumer<Mail> released;
    /** Whose message rspamd found bad just now, and OpenSMTPD will say that it refused one of theirs. */
    private final Map<IpPrefix, Instant> expected = new LinkedHashMap<>();

    /** @param otherwise what the reply itself says, if no verdict comes */
    private record Refused(Mail mail, Pending otherwise) {}

    /** @param released takes messages that the verdict is not waited for any more */
    Strays(Sayings sayings, Consumer<Mail> released) {
        this.sayings = sayings;
        this.released = released;
    }

    /**
     * OpenSMTPD's filter asked rspamd, which found a message of this client bad, and says more of it than the line by which OpenSMTPD
     * refuses it: that does not count, too, whichever comes first.
     */
    void askedBehind(IpPrefix client, Instant at) {
        changed = true;
        for (Iterator<Pending> each = verdicts.values().iterator(); each.hasNext(); ) {
            Pending verdict = each.next();
            if (isOfOpenSmtpd(verdict) && client.equals(verdict.client()) && isNear(verdict.at(), at)) {
                each.remove();
                return;
            }
        }
        expected.remove(client);
        expected.put(client, at);
        if (expected.size() > MOST) {
            Iterator<Instant> oldest = expected.values().iterator();
            oldest.next();
            oldest.remove();
        }
    }

    private static boolean isOfOpenSmtpd(Pending verdict) {
        return verdict.filter().equals("opensmtpd");
    }

    private static boolean isNear(Instant one, Instant other) {
        return !one.plus(REFUSED).isBefore(other) && !other.plus(REFUSED).isBefore(one);
    }

    /** A verdict; the message that it is on if that was refused already: {@link #told} is to follow. */
    @Nullable
    Mail verdict(String filterId, Pending verdict) {
        changed = true;
        if (isOfOpenSmtpd(verdict) && verdict.client() != null) {
            Instant told = expected.get(verdict.client());
            if (told != null && isNear(told, verdict.at())) {
                return null;
            }
        }
        Refused known = refused.remove(filterId);
        if (known != null) {
            return known.mail();
        }
        if (verdicts.size() >= MOST) {
            Iterator<Pending> oldest = verdicts.values().iterator();
            sayings.verdictAlone(oldest.next());
            oldest.remove();
        }
        verdicts.put(filterId, verdict);
        return null;
    }

    /** The verdict on a refused message is applied. */
    void told(Mail refused) {
        released.accept(refused);
    }

    /** The verdict that bears this id, which still waits for its message. */
    @Nullable
    Pending find(String filterId) {
        return verdicts.isEmpty() ? null : verdicts.get(filterId);
    }

    /** The verdict that amavis's reply is about, once. */
    @Nullable
    Pending take(String filterId) {
        Pending verdict = verdicts.isEmpty() ? null : verdicts.remove(filterId);
        changed |= verdict != null;
        return verdict;
    }

    /** The message was refused, and amavis's verdict has not come yet. */
    void await(String filterId, Mail mail, Pending otherwise) {
        changed = true;
        if (refused.size() >= MOST) {
            Iterator<Refused> oldest = refused.values().iterator();
            give(oldest.next());
            oldest.remove();
        }
        refused.put(filterId, new Refused(mail, otherwise));
    }

    /**
     * What the filter made of a message of this client was refused.
     *
     * @return false if no such message waits, of which only the filter's reply was known
     */
    boolean refusedBehind(IpPrefix client, Pending why) {
        for (Map.Entry<String, Refused> each : refused.entrySet()) {
            Mail mail = each.getValue().mail();
            if (client.equals(mail.client)
                    && !mail.wordless
                    && !each.getValue().otherwise().isOfChecks()) {
                each.setValue(new Refused(mail, why.ofOutput()));
                changed = true;
                return true;
            }
        }
        return false;
    }

    private void give(Refused each) {
        each.mail().pending.add(each.otherwise());
        sayings.pending(each.mail());
        released.accept(each.mail());
    }

    void advance(Instant now) {
        changed |= expected.values().removeIf(told -> told.plus(REFUSED).isBefore(now));
        for (Iterator<Pending> oldest = verdicts.values().iterator(); oldest.hasNext(); ) {
            Pending verdict = oldest.next();
            if (verdict.at().plus(VERDICTS).isAfter(now)) {
                break;
            }
            sayings.verdictAlone(verdict);
            oldest.remove();
            changed = true;
        }
        for (Iterator<Refused> oldest = refused.values().iterator(); oldest.hasNext(); ) {
            Refused each = oldest.next();
            if (each.otherwise().at().plus(REFUSED).isAfter(now)) {
                break;
            }
            give(each);
            oldest.remove();
            changed = true;
        }
    }

    /** Nothing more is to be expected. */
    void finish() {
        verdicts.values().forEach(sayings::verdictAlone);
        verdicts.clear();
        refused.values().forEach(this::give);
        refused.clear();
    }

    byte[] toRow() {
        RowWriter row = new RowWriter();
        row.number(verdicts.size());
        verdicts.forEach((filterId, verdict) -> {
            row.text(filterId);
            verdict.write(row);
        });
        row.number(refused.size());
        refused.forEach((filterId, each) -> {
            row.text(filterId);
            row.number(each.mail().serial);
            each.otherwise().write(row);
        });
        row.number(expected.size());
        expected.forEach((client, at) -> {
            row.address(client);
            row.time(at);
        });
        return row.toBytes();
    }

    /** @param mails the messages that were read back, by serial number; null for one that is not there */
    void restore(RowReader row, LongFunction<@Nullable Mail> mails) {
        for (long left = row.number(); left > 0; left--) {
            verdicts.put(row.someText(), Pending.read(row));
        }
        for (long left = row.number(); left > 0; left--) {
            String filterId = row.someText();
            Mail mail = mails.apply(row.number());
            Pending otherwise = Pending.read(row);
            if (mail != null) {
                mail.children++;
                refused.put(filterId, new Refused(mail, otherwise));
            }
        }
        for (long left = row.number(); left > 0; left--) {
            expected.put(Objects.requireNonNull(row.address()), Objects.requireNonNull(row.time()));
        }
    }
}
