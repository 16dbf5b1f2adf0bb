package org.postbane.correlate;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;
import org.postbane.model.RejectKind;

/**
 * What a client did to whom. A message yields one {@link Judged} (a second only where a later verdict on it is worse),
 * then one {@link Victims} for each lot of recipients that become known, at most one {@link Trapped}, and, if it was
 * accepted though no filter looked whether it is spam, one {@link Unjudged}; a clean one at most one {@link Delivered}.
 */
public sealed interface Deed {

    Instant at();

    Origin origin();

    /** Hands this to the method for its kind. */
    void accept(Visitor visitor);

    /**
     * What is to be done for each kind of deed. Where the kind is not known beforehand, a call of {@link #accept} also ends a
     * unit of the JIT's: what follows is compiled kind by kind, and once.
     */
    interface Visitor {
        void visit(Judged deed);

        void visit(Victims deed);

        void visit(Delivered deed);

        void visit(Trapped deed);

        void visit(Unjudged deed);

        void visit(Refused deed);

        void visit(AuthFailed deed);

        void visit(Misbehaved deed);
    }

    /**
     * A filter judged the message. It counts from now on.
     *
     * @param judgement {@code CLEAN}, {@code SPAM}, {@code VIRUS} or {@code BANNED}
     * @param before what it was counted as until now; null if this is the first verdict
     * @param trial what it was as a trial until now, and what it is
     * @param points in the filter's own scale; NaN where it gave none
     * @param filter who judged
     * @param trapped it was addressed to a trap, and told of as {@link Trapped} before
     */
    record Judged(
            Instant at,
            Origin origin,
            Judgement judgement,
            @Nullable Judgement before,
            Trial trial,
            double points,
            String filter,
            boolean trapped)
            implements Deed {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * Recipients of a message that was judged bad: its victims, as the client named them, each once.
     *
     * @param judgement of the message
     * @param count how many become known now, 1 or more
     * @param received when the client handed the message in
     * @param all all recipients that are known by now, in lower case; may be fewer than have been counted. Valid during the call
     *     only
     */
    record Victims(Instant at, Origin origin, Judgement judgement, int count, Instant received, Collection<String> all)
            implements Deed {

        /** Of which no recipient is known by name. */
        public Victims(Instant at, Origin origin, Judgement judgement, int count) {
            this(at, origin, judgement, count, at, List.of());
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * A message that was judged clean is delivered: to whom. Once for a message; not where no line tells of its end.
     *
     * @param received when the client handed the message in
     * @param all its recipients, as those of {@link Victims}
     */
    record Delivered(Instant at, Origin origin, Instant received, Collection<String> all) implements Deed {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * The message was addressed to a trap, accepted or not. Once for a message.
     *
     * @param address the first trap that it was addressed to
     * @param trial what it was as a trial until now, and what it is
     * @param judged a verdict on it was told before
     */
    record Trapped(Instant at, Origin origin, String address, Trial trial, boolean judged) implements Deed {

        /**
         * Whether it is an answer to mail that a stranger sent in the trap's name: honest servers bounce, answer and call back (RFC
         * 5321, section 4.5.5). Then it is no offence, and no trial.
         */
        public boolean isAnswer() {
            return "".equals(origin.sender());
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * The message was accepted, no filter judged whether it is spam, and it was addressed to no trap. No trial.
     *
     * @param judged something else was found in it, malware for instance, and told of before
     */
    record Unjudged(Instant at, Origin origin, boolean judged) implements Deed {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * A command was refused for good (5xx).
     *
     * @param stage the command, e.g. {@code RCPT}
     * @param code 500 to 599
     */
    record Refused(Instant at, Origin origin, String stage, int code, String reason) implements Deed {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }

        /** What kind of refusal it was, by the server's words. */
        public RejectKind kind() {
            return RejectKind.of(reason);
        }
    }

    /**
     * A login failed.
     *
     * @param login the one that was tried; null where the line does not say
     */
    record AuthFailed(Instant at, Origin origin, @Nullable String login) implements Deed {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /**
     * The client did what no honest client does, or not often, without a message.
     *
     * @param what in the server's words
     */
    record Misbehaved(Instant at, Origin origin, Fault fault, String what) implements Deed {
        @Override
        public void accept(Visitor visitor) {
            visitor.visit(this);
        }
    }

    /** Kinds of misbehaviour. */
    enum Fault {
        /** It broke the rules of SMTP. */
        PROTOCOL,
        /** It broke off, or fell silent; honest clients do so on a bad line. */
        BROKEN_OFF,
        /** It asked for more than the server's limits allow. */
        RATE_LIMIT,
        /** It failed a test of postscreen's. */
        POSTSCREEN
    }

    /** The test of honesty that each message is (the design's "certainty"): counted once, as ham or as spam. */
    enum Trial {
        /** Counts as spam from now on; was no trial. */
        SPAM,
        /** Counts as ham from now on; was no trial. */
        HAM,
        /** Was counted as ham, is spam after all. */
        HAM_TO_SPAM,
        /** Is counted already, or is none. */
        UNCHANGED
    }
}
