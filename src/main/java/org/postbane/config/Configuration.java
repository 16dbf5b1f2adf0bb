package org.postbane.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.postbane.correlate.Traps;
import org.postbane.decide.Sentencing;
import org.postbane.model.PrefixSet;
import org.postbane.model.Subject;
import org.postbane.parse.MailFilter;
import org.postbane.record.RecordSettings;
import org.postbane.score.Weighing;
import org.postbane.source.SourceSettings;

/**
 * All that the administrator decided, checked. Immutable.
 *
 * @param socket of the daemon
 * @param storeUrl JDBC address of the H2 database
 * @param retention how long ended bans, offences and untouched standings are kept
 * @param sources in the order of the files; none if none is configured, which is a fault for the daemon only
 * @param allow who is never banned: {@code [allow]} networks first, then the file
 * @param relays trusted relays and backup MXs: hosts that hand in mail of others
 * @param weighings of the enabled jails, in the order of the files
 * @param sentencings of the same jails, in the same order
 * @param actions by the names in {@link Sentencing#actions}: those that an enabled jail uses
 * @param filter of all sources
 * @param record where a line for each dirty message goes
 * @param files what was read, in order; files of the jar as {@code built-in:jails.conf}
 */
public record Configuration(
        Path socket,
        String storeUrl,
        Duration retention,
        List<SourceSettings> sources,
        Traps traps,
        List<Subject> allow,
        PrefixSet relays,
        List<Weighing> weighings,
        List<Sentencing> sentencings,
        Map<String, ActionDefinition> actions,
        MailFilter filter,
        RecordSettings record,
        List<String> files) {

    public Configuration {
        sources = List.copyOf(sources);
        allow = List.copyOf(allow);
        weighings = List.copyOf(weighings);
        sentencings = List.copyOf(sentencings);
        actions = Map.copyOf(actions);
        files = List.copyOf(files);
    }
}
