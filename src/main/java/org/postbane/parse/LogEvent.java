package org.postbane.parse;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;

/**
 * One fact that a line states. A line that states none yields no event. Texts are the log's own, written by strangers:
 * to be compared and shown, never to be acted on.
 */
public sealed interface LogEvent {

    /** The time printed on the line. */
    Instant at();

    /** Who wrote the line. */
    Program by();

    /** Hands this to the method for its kind. */
    void accept(Visitor visitor);

    /**
     * What is to be done for each kind of event. Besides being read more easily than a chain of {@code instanceof}, a call
     * through {@link #accept} ends a unit of the JIT's: what the kinds cause is compiled kind by kind.
     */
    interface Visitor {
        void visit(Connect event);

        void visit(Disconnect event);

        void visit(Client event);

        void visit(Pickup event);

        void visit(MessageId event);

        void visit(Queued event);

        void visit(Delivery event);

        void visit(Removed event);

        void visit(Verdict event);

        void visit(Reject event);

        void visit(Match event);

        void visit(AuthFailure event);
    }

    /** smtpd: {@code connect from name[address]}. */
    record Connect(Instant at, Program by, Peer client) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** smtpd: {@code disconnect from name[address] ehlo=1 mail=1 rcpt=2/3 ... commands=6/7}. */
    record Disconnect(Instant at, Program by, Peer client) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * smtpd accepted a first recipient, and from now on speaks of the message by its queue id: {@code ID:
     * client=name[address]}.
     *
     * @param queueId null for {@code NOQUEUE: client=}, before a proxy filter
     * @param account {@code sasl_username=}; null if the client did not log in
     * @param origQueueId {@code orig_queue_id=}, logged only for hosts that Postfix trusts with XFORWARD
     * @param origClient {@code orig_client=}, likewise
     */
    record Client(
            Instant at,
            Program by,
            @Nullable QueueId queueId,
            Peer client,
            @Nullable String account,
            @Nullable QueueId origQueueId,
            @Nullable Peer origClient)
            implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** pickup took a message that a local user or a pipe filter dropped: {@code ID: uid=108 from=<sender>}. */
    record Pickup(Instant at, Program by, QueueId queueId, int uid, String sender) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** cleanup: {@code ID: message-id=<...>}; {@code messageId} as logged, angle brackets included where there were any. */
    record MessageId(Instant at, Program by, QueueId queueId, String messageId) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * qmgr: {@code ID: from=<sender>, size=871, nrcpt=2 (queue active)}.
     *
     * @param size bytes
     * @param recipients after alias expansion, without duplicates, with always_bcc
     */
    record Queued(Instant at, Program by, QueueId queueId, String sender, long size, int recipients)
            implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * A delivery agent is done with one recipient for now: {@code ID: to=<r>, orig_to=<o>, relay=..., dsn=..., status=...}.
     *
     * @param origTo the recipient before alias expansion, where it differs
     * @param relay e.g. {@code 127.0.0.1[127.0.0.1]:10024}, {@code virtual}, {@code none}
     * @param queuedAs the id that the next hop answered with: {@code queued as ID}
     * @param filterId amavis's own id of the message: {@code id=NNNNN-NN}
     */
    record Delivery(
            Instant at,
            Program by,
            QueueId queueId,
            String to,
            @Nullable String origTo,
            String relay,
            Status status,
            String reply,
            @Nullable QueueId queuedAs,
            @Nullable String filterId)
            implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** qmgr: {@code ID: removed}: the message is done with; the next line with this id speaks of another. */
    record Removed(Instant at, Program by, QueueId queueId) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * A content filter judged a message, for all or some of its recipients.
     *
     * @param filter {@code amavis} or {@code spamd}
     * @param category the filter's own word: {@code SPAM}, {@code BAD-HEADER-7}, {@code Y}
     * @param judgement what that word means
     * @param points in the filter's own scale; NaN where it gave none
     * @param blocked the filter did not pass it on
     * @param queueId the message as the filter received it; null where the line does not say
     * @param client where the filter had it from, as the MTA told the filter; null where the line does not say
     * @param recipients after the MTA's alias expansion; empty where the line names none
     * @param messageId as the filter prints it; it may differ from what the MTA prints
     * @param size bytes, as the filter saw the message; 0 where the line does not say
     * @param queuedAs ids under which the judged message came back into the queue
     * @param filterId the filter's own id of the message, {@code 02662-01-2}; null if it has none
     */
    record Verdict(
            Instant at,
            Program by,
            String filter,
            String category,
            Judgement judgement,
            double points,
            boolean blocked,
            @Nullable QueueId queueId,
            @Nullable Peer client,
            @Nullable String sender,
            List<String> recipients,
            @Nullable String messageId,
            long size,
            List<QueueId> queuedAs,
            @Nullable String filterId)
            implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * A command, or a whole message, was refused: {@code reject:} and {@code milter-reject:} lines.
     *
     * @param queueId null before the first accepted recipient ({@code NOQUEUE})
     * @param stage the command: {@code CONNECT}, {@code EHLO}, {@code MAIL}, {@code RCPT}, {@code DATA}, {@code END-OF-MESSAGE}...
     * @param code three digits of RFC 5321 section 4.2; a milter-reject prints the enhanced code only, of which the
     *     class is kept: 500 or 400
     * @param milter refused by a milter, or by header and body checks in cleanup
     */
    record Reject(
            Instant at,
            Program by,
            @Nullable QueueId queueId,
            String stage,
            Peer client,
            int code,
            String reason,
            @Nullable String sender,
            @Nullable String recipient,
            boolean milter)
            implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * An access table did something short of refusing: {@code discard:}, {@code hold:}, {@code redirect:}, {@code warn:},
     * {@code info:}, {@code bcc:}, {@code filter:}, {@code prepend:}... The fields are those of {@link Reject}.
     *
     * @param action the word before the colon
     */
    record Match(
            Instant at,
            Program by,
            @Nullable QueueId queueId,
            String action,
            String stage,
            Peer client,
            String reason,
            @Nullable String sender,
            @Nullable String recipient)
            implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }

        private static final String BCC = " triggers BCC ";

        /** The recipient that {@code BCC address} in an access table added; null for other actions. */
        public @Nullable String addedRecipient() {
            int at = action.equals("bcc") ? reason.lastIndexOf(BCC) : -1;
            return at < 0 ? null : reason.substring(at + BCC.length());
        }
    }

    /**
     * A login failed: {@code warning: name[address]: SASL LOGIN authentication failed: ...}.
     *
     * @param account the login that was tried; null where the line does not say
     */
    record AuthFailure(
            Instant at,
            Program by,
            Peer client,
            String mechanism,
            @Nullable String account,
            String reason) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** What became of a recipient. Postfix's {@code src/global/log_adhoc.c} and its callers. */
    enum Status {
        SENT,
        DEFERRED,
        BOUNCED,
        EXPIRED,
        UNDELIVERABLE,
        DELIVERABLE,
        OTHER
    }
}
