package org.postbane.act;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.host.Nft;
import org.postbane.host.NftEvents;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/**
 * Keeps clients out by a table of its own in the kernel's packet filter. Each ban carries its end into the kernel, so
 * bans end in time also when this program is dead. Accounts and senders are passed over.
 *
 * <p>Threads: one at a time. Memory: while it reconciles, one transaction of at most {@value #ONE_TRANSACTION} bans, as
 * text (about 30 bytes a ban) and in libnftables (about 400). Errors: an {@link ActionException} says what nft said;
 * nothing of that batch is in force then. What others do to the table is seen by its events within {@link #look}, and
 * put right by {@link #reconcile}. Where those cannot be had (no JNA), the table's outline is compared, in which elements do
 * not show.
 *
 * <p>Shortcomings: a change by others in the same moment as one of ours is only looked for in the outline, so elements that are
 * taken away just then are missing until the reconcile at intervals. A reconcile begins all counters anew.
 *
 * <p>A changed end is written as {@code add, delete, add} in one transaction: {@code add} alone keeps the old end on
 * kernels before 6.12, {@code delete} alone fails where nothing is, and one failure undoes the whole transaction.
 */
public final class NftAction implements Action {

    /** Bans that are replaced in one transaction; more are moved in {@link #CHUNK}s behind a second table. */
    static final int ONE_TRANSACTION = 100_000;

    private static final int CHUNK = 5_000;
    private static final int ELEMENTS_PER_LINE = 50; // nft prints the line at fault

    /** Longer terms, which nft's own parser and old kernels may not hold, are cut to this and extended by the next reconcile. */
    private static final Duration LONGEST = Duration.ofDays(3650);

    /** One system call, where there are events. */
    private static final Duration LOOK = Duration.ofSeconds(2);

    private final NftSettings settings;
    private final Nft nft;
    private final InstantSource clock;
    /** Sets that this object has declared. */
    private final Set<NftSet> known = new HashSet<>();
    /** Null before the first transaction, and where there are none. */
    private @Nullable NftEvents events;

    private boolean eventsAsked;
    /** The table as this object made it, without elements. */
    private String outline = "";

    /**
     * @param nft closed with this object
     * @param clock the real time: what is written into the kernel is not an end but the time until then
     */
    public NftAction(NftSettings settings, Nft nft, InstantSource clock) {
        this.settings = settings;
        this.nft = nft;
        this.clock = clock;
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public boolean takes(Ban ban) {
        return ban.subject() instanceof Subject.Client;
    }

    /**
     * Where nobody is kept out yet, as after a start of the machine, each part holds as soon as it comes. Else all bans are
     * waited for, and those that hold since before hold on meanwhile.
     */
    @Override
    public void reconcile(Iterator<List<Ban>> parts) throws ActionException {
        if (isInForce()) {
            Action.super.reconcile(parts);
            return;
        }
        begin();
        while (parts.hasNext()) {
            Map<NftSet, List<Ban>> part = wanted(parts.next(), clock.instant());
            StringBuilder commands = new StringBuilder();
            if (known.isEmpty()) {
                commands.append(declare(settings.table(), part.keySet()));
            }
            part.forEach((set, list) -> {
                if (!known.contains(set)) {
                    set.declare(settings, settings.table(), commands);
                }
                add(settings.table(), set, list, clock.instant(), commands);
            });
            run(commands);
            made(part.keySet());
        }
        if (known.isEmpty()) {
            reconcile(List.of());
        } else {
            run(remove(settings.table() + NftSettings.BRIDGE, new StringBuilder()));
        }
    }

    /** The bans that the sets are to hold. Both sets for addresses are always wanted. */
    private static Map<NftSet, List<Ban>> wanted(Collection<Ban> bans, Instant now) {
        Map<NftSet, List<Ban>> wanted = new LinkedHashMap<>();
        wanted.put(NftSet.ADDRESSES4, new ArrayList<>());
        wanted.put(NftSet.ADDRESSES6, new ArrayList<>());
        for (Ban ban : bans) {
            if (ban.subject() instanceof Subject.Client client && ban.until().isAfter(now)) {
                wanted.computeIfAbsent(NftSet.of(client.prefix()), set -> new ArrayList<>())
                        .add(ban);
            }
        }
        return wanted;
    }

    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        Instant now = clock.instant();
        Map<NftSet, List<Ban>> wanted = wanted(bans, now);
        int count = wanted.values().stream().mapToInt(List::size).sum();
        begin();
        String bridge = settings.table() + NftSettings.BRIDGE;
        if (count <= ONE_TRANSACTION) {
            StringBuilder commands = declare(settings.table(), wanted.keySet());
            wanted.forEach((set, list) -> add(settings.table(), set, list, now, commands));
            run(remove(bridge, commands));
        } else {
            if (isInForce()) { // else nobody is kept out yet
                fill(bridge, wanted, now);
            }
            fill(settings.table(), wanted, now);
            run(remove(bridge, new StringBuilder()));
        }
        made(wanted.keySet());
    }

    /** A reconcile begins: what others did before does not matter any more. */
    private void begin() throws ActionException {
        known.clear();
        try {
            NftEvents open = events();
            if (open != null) {
                open.forget();
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** These sets, with their chains, stand in the table now. */
    private void made(Set<NftSet> sets) throws ActionException {
        if (known.addAll(sets)) {
            outline = outline();
        }
    }

    private String outline() throws ActionException {
        try {
            return nft.outline(settings.table());
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Replaces a table in several transactions, so that memory stays bounded. It lets the last in while it lasts. */
    private void fill(String table, Map<NftSet, List<Ban>> wanted, Instant now) throws ActionException {
        run(declare(table, wanted.keySet()));
        for (Map.Entry<NftSet, List<Ban>> entry : wanted.entrySet()) {
            List<Ban> list = entry.getValue();
            for (int from = 0; from < list.size(); from += CHUNK) {
                List<Ban> chunk = list.subList(from, Math.min(from + CHUNK, list.size()));
                StringBuilder commands = new StringBuilder();
                add(table, entry.getKey(), chunk, now, commands);
                run(commands);
            }
        }
    }

    private boolean isInForce() throws ActionException {
        try {
            // not "list tables", for which nft 1.0.6 loads all elements: 87 s and 1.5 GB with a million
            return nft.list("list chains inet").contains("\"" + settings.table() + "\"");
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        Instant now = clock.instant();
        Map<IpPrefix, Decision> last = new LinkedHashMap<>();
        for (Decision change : changes) {
            if (change.ban().subject() instanceof Subject.Client client) {
                last.put(client.prefix(), change);
            }
        }
        if (last.isEmpty()) {
            return;
        }
        Map<NftSet, List<IpPrefix>> touched = new LinkedHashMap<>();
        Map<NftSet, List<Ban>> imposed = new LinkedHashMap<>();
        last.forEach((prefix, change) -> {
            NftSet set = NftSet.of(prefix);
            touched.computeIfAbsent(set, s -> new ArrayList<>()).add(prefix);
            if (change instanceof Decision.Impose && change.ban().until().isAfter(now)) {
                imposed.computeIfAbsent(set, s -> new ArrayList<>()).add(change.ban());
            }
        });
        StringBuilder commands = new StringBuilder();
        if (known.isEmpty()) { // later a missing table is a failure, so that all that was in it is put back
            commands.append("add table inet %s\n".formatted(settings.table()));
        }
        touched.forEach((set, prefixes) -> {
            if (!known.contains(set)) {
                set.declare(settings, settings.table(), commands);
            }
            elements("add", settings.table(), set, prefixes, commands);
            elements("delete", settings.table(), set, prefixes, commands);
            add(settings.table(), set, imposed.getOrDefault(set, List.of()), now, commands);
        });
        run(commands);
        made(touched.keySet());
    }

    /** Commands that make the table anew, without a ban in it. */
    private StringBuilder declare(String table, Collection<NftSet> sets) {
        StringBuilder commands = remove(table, new StringBuilder());
        commands.append("add table inet %s\n".formatted(table));
        sets.forEach(set -> set.declare(settings, table, commands));
        return commands;
    }

    /** {@code add} first: to delete what is not there is an error. */
    private static StringBuilder remove(String table, StringBuilder commands) {
        return commands.append("add table inet %1$s\ndelete table inet %1$s\n".formatted(table));
    }

    private static void elements(
            String verb, String table, NftSet set, List<IpPrefix> prefixes, StringBuilder commands) {
        open(verb, table, set, commands);
        for (int i = 0; i < prefixes.size(); i++) {
            separate(i, commands);
            commands.append(Prefixes.first(prefixes.get(i)));
        }
        commands.append(" }\n");
    }

    private static void add(String table, NftSet set, List<Ban> bans, Instant now, StringBuilder commands) {
        if (bans.isEmpty()) {
            return;
        }
        open("add", table, set, commands);
        for (int i = 0; i < bans.size(); i++) {
            separate(i, commands);
            Ban ban = bans.get(i);
            if (ban.subject() instanceof Subject.Client client) {
                commands.append(Prefixes.first(client.prefix()));
            }
            if (!ban.isPermanent()) {
                commands.append(" timeout ");
                appendTimeout(secondsLeft(now, ban.until()), commands);
            }
        }
        commands.append(" }\n");
    }

    private static void open(String verb, String table, NftSet set, StringBuilder commands) {
        commands.append(verb).append(" element inet ").append(table);
        commands.append(' ').append(set.name()).append(" { ");
    }

    private static void separate(int i, StringBuilder commands) {
        if (i > 0) {
            commands.append(i % ELEMENTS_PER_LINE == 0 ? ",\n" : ", ");
        }
    }

    /** Rounded up. No overflow: both are within the times of {@link Instant}. */
    private static long secondsLeft(Instant now, Instant until) {
        long seconds = until.getEpochSecond() - now.getEpochSecond();
        return until.getNano() > now.getNano() ? seconds + 1 : seconds;
    }

    /** {@code 13d23h59m5s}. Not plain seconds: nft takes at most eight digits of them. */
    static void appendTimeout(long left, StringBuilder out) {
        long seconds = Math.max(1, Math.min(left, LONGEST.toSeconds()));
        appendPart(seconds / 86_400, 'd', out);
        appendPart(seconds / 3_600 % 24, 'h', out);
        appendPart(seconds / 60 % 60, 'm', out);
        appendPart(seconds % 60, 's', out);
    }

    private static void appendPart(long count, char unit, StringBuilder out) {
        if (count > 0) {
            out.append(count).append(unit);
        }
    }

    @Override
    public boolean isIntact() throws ActionException {
        try {
            NftEvents open = events();
            NftEvents.Seen seen = open == null ? NftEvents.Seen.PERHAPS : open.look(settings.table());
            return switch (seen) {
                case NOTHING -> true;
                case PERHAPS -> outline().equals(outline);
                case CHANGED -> false;
            };
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public Duration look() {
        return LOOK;
    }

    private @Nullable NftEvents events() throws IOException {
        if (!eventsAsked) {
            events = NftEvents.open().orElse(null);
            eventsAsked = true;
        }
        return events;
    }

    private void run(StringBuilder commands) throws ActionException {
        try {
            String text = commands.toString();
            NftEvents open = events();
            if (open != null) {
                open.own(() -> nft.run(text));
            } else {
                nft.run(text);
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private ActionException failure(IOException e) {
        return new ActionException(
                "%s: table inet %s: %s".formatted(settings.name(), settings.table(), e.getMessage()), e);
    }

    @Override
    public void close() {
        nft.close();
        if (events != null) {
            events.close();
            events = null;
        }
    }
}
