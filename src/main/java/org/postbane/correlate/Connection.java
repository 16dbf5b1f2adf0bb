package org.postbane.correlate;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.parse.Program;

/** One SMTP session with smtpd: the messages that were handed in, and in the end how many recipients they had together. */
final class Connection {

    /** More messages than this are not kept apart: then the sum says nothing. */
    private static final int MOST_MAILS = 200;

    final Program process;
    /** Where it began is known, no message of it was lost, and it ended with the client with whom it began. */
    boolean certain;

    @Nullable
    IpPrefix client;

    /** Recipients of messages that are done with. */
    int gone;
    /** RCPT commands that were accepted; -1 while it lasts, or where smtpd does not say. */
    int recipients = -1;
    /** DATA commands, or else MAIL commands that were accepted; 0 while it lasts, or where smtpd does not say. */
    int messages;
    /** How many messages are done with. */
    int left;
    /** Until when facts about its messages are waited for; null while it lasts. */
    @Nullable
    Instant due;

    /** Who is to answer for what goes through a filter before the queue, as that has no queue id. */
    @Nullable
    IpPrefix proxied;

    @Nullable
    String proxiedAccount;

    /** Why the filter's output was refused behind the filter, until it tells of that. */
    @Nullable
    Pending behind;

    final List<Mail> mails = new ArrayList<>(1);

    Connection(Program process, boolean certain) {
        this.process = process;
        this.certain = certain;
    }

    void add(Mail mail) {
        if (mails.size() >= MOST_MAILS) {
            certain = false;
            mails.remove(0).connection = null;
        }
        mails.add(mail);
        mail.connection = this;
    }

    /** The message was accepted, and is done with. */
    void leaves(Mail mail) {
        mails.remove(mail);
        mail.connection = null;
        left++;
        certain &= !mail.redirected || mail.told > 0;
        gone += recipients(mail);
    }

    /**
     * Tells the messages that Postfix never queued how many recipients they had: what the others leave of the sum. Says
     * nothing where that leaves a doubt.
     */
    void tell() {
        if (recipients < 1 || !certain || messages > mails.size() + left) {
            return; // or a message is not known here, and some of the recipients are its
        }
        if (mails.size() == 1 && gone == 0) {
            Mail only = mails.get(0);
            only.told = only.told == 0 ? recipients : only.told;
            only.showsSum = messages > 0 && recipients > messages && !only.isFromHere();
            return;
        }
        if (eachHasOneMore()) {
            mails.forEach(mail -> mail.told = mail.recipientsInQueue - 1);
            return;
        }
        List<Mail> unknown = mails.stream()
                .filter(mail -> !isCounted(mail) && mail.told == 0)
                .toList();
        int rest = recipients - gone;
        for (Mail mail : mails) {
            rest -= recipients(mail);
        }
        if (unknown.size() == 1) {
            unknown.get(0).told = Math.max(1, rest);
        } else if (!unknown.isEmpty() && unknown.stream().allMatch(mail -> isAs(mail, unknown.get(0)))) {
            share(unknown, rest);
        }
    }

    /** As deliveries tell, or the session's sum; 0 if neither does yet. */
    private static int recipients(Mail mail) {
        return isCounted(mail) ? mail.recipients.count() : mail.told;
    }

    /** Whether deliveries tell how many recipients it has. */
    private static boolean isCounted(Mail mail) {
        return mail.queued && !mail.redirected;
    }

    /**
     * Whether qmgr has one recipient more of each message than the client named, as with {@code always_bcc}: all together as many more as
     * there are messages. If it was two more of one message and none of another instead, members of a list for instance, the other
     * is told one less than it had.
     */
    private boolean eachHasOneMore() {
        int more = -recipients;
        for (Mail mail : mails) {
            if (!isCounted(mail) || mail.refused || mail.told != 0 || mail.recipientsInQueue < 2) {
                return false;
            }
            more += mail.recipientsInQueue;
        }
        return gone == 0 && messages == mails.size() && more == messages;
    }

    /** Whether it does not matter to which of both a recipient is counted. */
    private static boolean isAs(Mail a, Mail b) {
        return a.isBad()
                && b.isBad()
                && a.judgement() == b.judgement()
                && a.client != null
                && a.client.equals(b.client);
    }

    private static void share(List<Mail> mails, int sum) {
        int rest = sum;
        for (Mail mail : mails) {
            mail.told = mail.listed.isEmpty() ? 1 : mail.listed.size();
            rest -= mail.told;
        }
        if (rest < 0) {
            mails.forEach(mail -> mail.told = 1); // what the filter listed was something else
            rest = sum - mails.size();
        }
        for (Mail mail : mails) {
            if (mail.listed.isEmpty() || mail.listedInPart) {
                mail.told += Math.max(0, rest);
                return;
            }
        }
        mails.get(0).told += Math.max(0, rest);
    }

    /** Whether nothing is to be gained by waiting. */
    boolean isComplete() {
        if (mails.size() <= 1) {
            return true;
        }
        boolean refused = false;
        boolean waits = false;
        for (Mail mail : mails) {
            refused |= mail.refused;
            waits |= mail.refused ? mail.wordless && !mail.isJudged() : !mail.recipients.isDelivered();
        }
        return !waits || !refused && mails.stream().allMatch(mail -> mail.queued);
    }
}
