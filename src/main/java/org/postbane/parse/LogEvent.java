package org.postbane.parse;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.model.RejectKind;

/**
 * One fact that a line states. A line that states none yields no event. Texts are the log's own, written by strangers:
 * to be compared and shown, never to be acted on.
 */
public sealed interface LogEvent {

    /** The category of a verdict of Exim's on a message that it did not accept. */
    String REFUSED = "rejected after DATA";

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

        void visit(Recipients event);

        void visit(Delivery event);

        void visit(Removed event);

        void visit(ProxyReply event);

        void visit(Verdict event);

        void visit(Reject event);

        void visit(Match event);

        void visit(AuthFailure event);

        void visit(Login event);

        void visit(ProtocolError event);

        void visit(RateLimit event);

        void visit(Postscreen event);
    }

    /** smtpd: {@code connect from name[address]}. */
    record Connect(Instant at, Program by, Peer client) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * smtpd: {@code disconnect from name[address] ehlo=1 mail=1 rcpt=2/3 ... commands=6/7}.
     *
     * @param recipients RCPT commands that were accepted in the whole connection, doubles included; -1 where the line does
     *     not say (Postfix before 3.0)
     * @param messages DATA commands, in vain or not, as each message with a recipient has one; where there are none, MAIL commands that were
     *     accepted; 0 where there were none, or the line does not say
     */
    record Disconnect(Instant at, Program by, Peer client, int recipients, int messages) implements LogEvent {
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

    /**
     * pickup took a message that a local user or a pipe filter dropped: {@code ID: uid=108 from=<sender>}.
     *
     * @param origQueueId what it was until {@code postsuper -r} put it back; null for what is new
     */
    record Pickup(
            Instant at,
            Program by,
            QueueId queueId,
            int uid,
            String sender,
            @Nullable QueueId origQueueId) implements LogEvent {
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
     * @param sender empty: the null sender; null: the line does not say (OpenSMTPD)
     * @param size bytes
     * @param recipients after alias expansion, without duplicates, with always_bcc
     */
    record Queued(
            Instant at,
            Program by,
            QueueId queueId,
            @Nullable String sender,
            long size,
            int recipients) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * How many recipients the message has, as the client named them and the server accepted them: {@code nrcpt=5} in the words
     * of one of Exim's ACLs, {@code nrcpts=5} of Sendmail.
     *
     * @param count doubles included
     * @param names all of them, or empty where only their number is told
     */
    record Recipients(Instant at, Program by, QueueId queueId, int count, List<String> names) implements LogEvent {

        /** Of which only the number is told. */
        public Recipients(Instant at, Program by, QueueId queueId, int count) {
            this(at, by, queueId, count, List.of());
        }

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
     * @param delays how long the agent ran a command for it; null where it runs none, or does not say
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
            @Nullable String filterId,
            @Nullable Delays delays)
            implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * Of {@code delays=a/b/c/d}, in milliseconds, with as many digits as the line has. Recipients that an agent has of one request
     * have the same {@code a} and {@code b}.
     *
     * @param waited until the agent had the request: {@code a + b}
     * @param ran from then on until now: {@code c + d}, at least 1
     */
    record Delays(int waited, int ran) {}

    /** qmgr: {@code ID: removed}: the message is done with; the next line with this id speaks of another. */
    record Removed(Instant at, Program by, QueueId queueId) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** What the recipients on the line of a verdict are. */
    enum Listed {
        /** The line names none: it is on all. */
        ALL,
        /** Those that the verdict is on, after the MTA's alias expansion. */
        EXPANDED,
        /** All of the message, as the client named them, doubles included. */
        AS_NAMED,
        /** Likewise, but there are more. */
        SOME_AS_NAMED,
        /**
         * Unknown; and the line has several verdicts, one of which is the filter's and the others a stranger's text: this is
         * the filter's only if the message's sender is the one that stands with it.
         */
        UNKNOWN_IF_SENDER
    }

    /**
     * A content filter judged a message, for all or some of its recipients.
     *
     * @param filter {@code amavis}, {@code spamd}, {@code rspamd} or {@code clamav}
     * @param category the filter's own word: {@code SPAM}, {@code BAD-HEADER-7}, {@code Y}, {@code add header}
     * @param judgement what that word means
     * @param points in the filter's own scale; NaN where it gave none
     * @param blocked the filter did not pass it on
     * @param queueId the message as the filter received it; null where the line does not say
     * @param client where the filter had it from, as the MTA told the filter; null where the line does not say
     * @param recipients empty where the line names none
     * @param messageId as the filter prints it; it may differ from what the MTA prints
     * @param size bytes, as the filter saw the message; 0 where the line does not say
     * @param took how long it took the filter, in milliseconds; 0 where the line does not say
     * @param begun the stamp of the line that told that the filter began; null where there was none
     * @param queuedAs ids under which the judged message came back into the queue
     * @param filterId the filter's own id of the message, {@code 02662-01-2}; null if it has none
     * @param recipientsAre what {@code recipients} are
     * @param quarantine the address that the filter sent it to; null if it did not
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
            int size,
            int took,
            @Nullable Instant begun,
            List<QueueId> queuedAs,
            @Nullable String filterId,
            Listed recipientsAre,
            @Nullable String quarantine)
            implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * A filter before the queue answered to a whole message: {@code proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=1-2;
     * from=<s> to=<r> ...}, {@code proxy-accept: ...}. The line does not name the client, and the message has no queue id.
     *
     * @param code of the filter's reply
     * @param recipient the first one
     * @param queuedAs the id under which the message came into the queue behind the filter: {@code queued as ID}
     * @param filterId amavis's own id of the message: {@code id=NNNNN-NN}
     */
    record ProxyReply(
            Instant at,
            Program by,
            int code,
            String reply,
            @Nullable String sender,
            @Nullable String recipient,
            @Nullable QueueId queuedAs,
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

        /** What kind of refusal it was, by the software's own words in {@code reason}. */
        public RejectKind kind() {
            return RejectKind.of(reason);
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
     * @param repeats further attempts, 0 mostly: Dovecot's login processes tell of all at the end of the connection
     * @param detail the authentication server's own line, before the one of the program that the client spoke to. Not to be
     *     counted by itself: the attempt is told of in both, and of several password databases each that does not know a login
     *     says so. {@code mechanism} is the database's name there
     * @param session Dovecot's name of the connection; null where the line does not say
     */
    record AuthFailure(
            Instant at,
            Program by,
            Peer client,
            String mechanism,
            @Nullable String account,
            String reason,
            int repeats,
            boolean detail,
            @Nullable String session)
            implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }

        /** One attempt, told of by the program that the client spoke to. */
        AuthFailure(Instant at, Program by, Peer client, String mechanism, @Nullable String account, String reason) {
            this(at, by, client, mechanism, account, reason, 0, false, null);
        }

        /** How many times it was tried, 1 or more. */
        public int attempts() {
            return 1 + repeats;
        }
    }

    /**
     * A login succeeded: {@code ID: client=..., sasl_method=M, sasl_username=U}, or Dovecot's {@code imap-login: Login: user=<U>,
     * method=M, rip=A, lip=B}.
     *
     * @param mechanism as logged; empty where the line does not say
     * @param session Dovecot's name of the connection; null where the line does not say
     */
    record Login(
            Instant at,
            Program by,
            Peer client,
            String account,
            String mechanism,
            @Nullable String session) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * A client did not keep to the protocol, or broke off: {@code too many errors after RCPT from name[address]}.
     *
     * @param stage the command at which it happened; empty where the line does not say
     * @param reason in the program's words
     * @param session Dovecot's name of the connection, which is over; null where the line does not say
     */
    record ProtocolError(
            Instant at,
            Program by,
            Peer client,
            String stage,
            String reason,
            Breach breach,
            @Nullable String session) implements LogEvent {

        /** Of any program but Dovecot. */
        ProtocolError(Instant at, Program by, Peer client, String stage, String reason, Breach breach) {
            this(at, by, client, stage, reason, breach, null);
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** How much a {@link ProtocolError} says of a client. */
    enum Breach {
        /** No client that is made for mail does it. */
        VIOLATION,
        /** A lost connection, a silence: honest clients do it on a bad line, scanners do nothing else. */
        BROKEN_OFF,
        /** Odd, but what honest clients pass on from their users or their bad configuration. */
        SLIP
    }

    /**
     * A client was over one of the server's limits, and was told to wait: {@code warning: Connection rate limit exceeded: 6 from
     * name[address] for service smtp}.
     *
     * @param limit {@code connection-rate}, {@code connections}, {@code messages}, {@code recipients}, {@code tls-sessions},
     *     {@code auth}
     * @param count what it had reached; 0 where the line does not say
     */
    record RateLimit(Instant at, Program by, Peer client, String limit, int count) implements LogEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * postscreen about one client: a test that it failed or passed, a list that it is on.
     *
     * @param test in postscreen's words, in the newer spelling: {@code PREGREET}, {@code DNSBL}, {@code COMMAND PIPELINING}, {@code
     *     PASS NEW}, {@code ALLOWLISTED}, {@code CONNECT}...
     * @param failed a test that no honest mail server fails
     * @param reason what else the line says; may be text of the client's
     */
    record Postscreen(Instant at, Program by, Peer client, String test, boolean failed, String reason)
            implements LogEvent {
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
