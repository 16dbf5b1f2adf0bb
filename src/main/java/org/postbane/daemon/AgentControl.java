package org.postbane.daemon;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postbane.act.ActionRunner;
import org.postbane.decide.Ban;
import org.postbane.decide.GuardedException;
import org.postbane.model.Subject;
import org.postbane.record.Recorder;
import org.postbane.score.Offence;
import org.postbane.store.StoreException;

/** What commands can ask of an agent, and have it do. May be called from any thread. */
public interface AgentControl {

    /**
     * Bans by hand; durable and on its way to the actions when this returns.
     *
     * @param time {@link org.postbane.decide.Sentencing#FOREVER} for ever
     * @throws GuardedException if the subject must not be banned
     */
    Ban ban(Subject subject, Duration time, String jail, String reason) throws GuardedException, StoreException;

    /** Lifts the bans of exactly these subjects and forgets their points; those lifted. */
    List<Ban> unban(List<Subject> subjects) throws StoreException;

    /** Lifts the bans of exactly these subjects in one jail; no points are forgotten. Those lifted. */
    List<Ban> unban(List<Subject> subjects, String jail) throws StoreException;

    /** Lifts all bans of one jail; no points are forgotten. Those lifted. */
    List<Ban> unbanAll(String jail) throws StoreException;

    /**
     * Empties the places of actions and leaves them empty, or, if not {@code empty}, has the bans in force hold there again.
     *
     * @param actions names; none for all
     * @return the names of those
     */
    List<String> flush(List<String> actions, boolean empty);

    /**
     * Has actions ban and unban a subject that belongs to nobody.
     *
     * @param actions names; none for all
     * @return what came of it, by name; empty where nothing did
     */
    Map<String, Optional<ActionRunner.Trial>> testActions(List<String> actions, Duration patience);

    /** Lifts all bans; those lifted. */
    List<Ban> unbanAll() throws StoreException;

    /** The bans in force, in the order of their ends. */
    List<Ban> bans() throws StoreException;

    /** Who is never banned, by the configuration. */
    List<Subject> allowed();

    /** How a subject stands. */
    Explanation explain(Subject subject) throws StoreException;

    /** How the agent is. */
    AgentStatus status() throws StoreException;

    /** Waits until what was decided so far holds everywhere; false if it does not within {@code patience}. */
    boolean awaitEnforced(Duration patience);

    /**
     * How a subject stands.
     *
     * @param refusal why it can never be banned; empty if it can
     * @param bans that keep it out, its own and those of networks that hold it
     * @param jails where it stands in each jail that knows it
     * @param offences the newest first
     */
    record Explanation(
            Subject subject,
            Instant at,
            Optional<String> refusal,
            List<Ban> bans,
            List<InJail> jails,
            List<Offence> offences) {}

    /**
     * How a subject stands in one jail now.
     *
     * @param limit in the unit of {@code value}
     * @param value severity, 0 to 1, or points where {@code counts}
     * @param counts the limit is a number of offences
     * @param certainty decimal logarithm of E
     * @param asked the same, as the jail asks it; null if it asks for none
     */
    record InJail(
            String jail,
            double value,
            double limit,
            boolean counts,
            double certainty,
            @Nullable Double asked,
            long victims,
            long messages) {}

    /**
     * How the agent is.
     *
     * @param open messages that are not done with
     * @param ambiguous verdicts that could be on several clients' messages; nobody was blamed
     * @param guarded times a guard has saved someone
     * @param bansByJail in force
     * @param records how the database fares that gets the records; null if there is none
     * @param unknown lines that were not understood, since the start
     */
    record AgentStatus(
            Instant since,
            Instant now,
            List<SourceStatus> sources,
            int open,
            long ambiguous,
            long guarded,
            Map<String, Integer> bansByJail,
            List<ActionRunner.Status> actions,
            Recorder.@Nullable DatabaseStatus records,
            Unknown unknown) {}

    /**
     * How a source is.
     *
     * @param lines since the start
     * @param bytes of these
     * @param backlog bytes not read yet
     * @param lastLine the time of the last line; null if none was read yet
     * @param lastRead when the last line was read; null if none was
     * @param unparsed share of the lines of programs that are read, and of those without a header, that was not understood, 0 to
     *     1; null if there was none
     * @param skew how far the last line's stamp was from the time of reading, positive for the future; null if no line came, or it
     *     had waited
     * @param corrected lines that state something and bore a time that cannot be true; they counted as of the time of reading
     * @param troubles what is wrong with it, for people
     * @param fault why it cannot be read now; null if it can
     */
    record SourceStatus(
            String name,
            String path,
            long lines,
            long bytes,
            long backlog,
            @Nullable Instant lastLine,
            @Nullable Instant lastRead,
            @Nullable Double unparsed,
            @Nullable Duration skew,
            long corrected,
            List<String> troubles,
            @Nullable String fault) {}
}
