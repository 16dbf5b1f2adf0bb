package org.postbane.correlate;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.parse.LogEvent.Listed;

/** A verdict, kept until it is known whose message it is on. */
record Pending(
        Instant at,
        String filter,
        Judgement judgement,
        double points,
        @Nullable IpPrefix client,
        @Nullable String sender,
        List<String> recipients,
        Listed recipientsAre,
        @Nullable String quarantine) {

    /** Whether it is the filter's only if the message's sender is the one that stands with it. */
    boolean isDoubtful() {
        return recipientsAre == Listed.UNKNOWN_IF_SENDER;
    }

    /** Whether Postfix's header or body checks said it, which act on what a filter wrote into the header, too. */
    boolean isOfChecks() {
        return filter.equals(Refusals.CHECKS) || filter.equals(Refusals.CHECKS_OF_MARK);
    }

    /** The same of what a filter made of the message: there the mark is the filter's, not the client's. */
    Pending ofOutput() {
        boolean spam = filter.equals(Refusals.CHECKS_OF_MARK);
        return new Pending(
                at,
                filter,
                spam ? Judgement.SPAM : judgement,
                points,
                client,
                sender,
                recipients,
                recipientsAre,
                quarantine);
    }

    boolean isAsNamed() {
        return recipientsAre == Listed.AS_NAMED || recipientsAre == Listed.SOME_AS_NAMED;
    }

    void write(RowWriter row) {
        row.time(at);
        row.text(filter);
        row.text(judgement.name());
        row.decimal(points);
        row.address(client);
        row.text(sender);
        row.texts(recipients);
        row.text(recipientsAre.name());
        row.text(quarantine);
    }

    static Pending read(RowReader row) {
        return new Pending(
                Objects.requireNonNull(row.time()),
                row.someText(),
                Judgement.valueOf(row.someText()),
                row.decimal(),
                row.address(),
                row.text(),
                List.copyOf(Objects.requireNonNull(row.texts())),
                Listed.valueOf(row.someText()),
                row.text());
    }
}
