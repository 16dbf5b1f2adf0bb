package org.postbane.act;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.host.Nft;
import org.postbane.host.NftElement;
import org.postbane.host.NftEvents;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/**
 * Keeps clients out by a table of its own in the kernel's packet filter. Each ban carries its end into the kernel, so
 * bans end in time also when this program is dead. Accounts and senders are passed over.
 *
 * <p>Threads: one at a time. Memory: while it reconciles, one transaction of at most {@value #ONE_TRANSACTION} bans, as
 * text (about 30 bytes a ban) and in libnftables (about 400). Errors: an {@link ActionException} says what nft said;
 * nothing of that batch is in force then. A
 * reconcile of more than {@value #ONE_TRANSACTION} bans may be cut short at any moment: who was kept out by the last one, and is to be
 * by this one, is kept out all the time. What others do to the table is seen by its events within {@link #look}, and
 * put right by {@link #reconcile}. Where those cannot be had (no JNA), the table's outline is compared, in which elements do
 * not show.
 *
 * <p>Shortcomings: a change by others in the same moment as one of ours is only looked for in the outline, so elements that are
 * taken away just then are missing until the reconcile at intervals. A reconcile begins all counters anew;
 * what they had is kept here until the agent stops.
 *
 * <p>A changed end is written as {@code add, delete, add} in one transaction: {@code add} alone keeps the old end on
 * kernels before 6.12, {@code delete} alone fails where nothing is, and one failure undoes the whole transaction.
 */
public final class NftAction implements Action {

    /** Bans that are replaced in one transaction; more are moved in parts of so many, behind a second table. */
    static final int ONE_TRANSACTION = 5_000;

    /** Sets that are there also when they are empty. */
    private static final List<NftSet> ALWAYS = List.of(NftSet.ADDRESSES4, NftSet.ADDRESSES6);

    /** The name of a chain that nothing comes to: its table is being filled, and the bridge is whole. */
    private static final String MARK = "filling";

    private static final Pattern COUNTER = Pattern.compile("counter packets ([0-9]{1,18}) bytes ([0-9]{1,18})");

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
    /** What was counted until the last reconcile. */
    private Counts before = Counts.NONE;

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
        run(remove(settings.table(), new StringBuilder()));
        while (parts.hasNext()) {
            Map<NftSet, List<Ban>> part = wanted(parts.next(), clock.instant());
            makeSets(part.keySet());
            fill(settings.table(), part);
        }
        makeSets(ALWAYS);
        run(remove(settings.table() + NftSettings.BRIDGE, new StringBuilder()));
    }

    /** The bans that the sets are to hold. Both sets for addresses are always wanted. */
    private static Map<NftSet, List<Ban>> wanted(Collection<Ban> bans, Instant now) {
        Map<NftSet, List<Ban>> wanted = new LinkedHashMap<>();
        ALWAYS.forEach(set -> wanted.put(set, new ArrayList<>()));
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
        Map<NftSet, List<Ban>> wanted = wanted(bans, clock.instant());
        int count = wanted.values().stream().mapToInt(List::size).sum();
        begin();
        String bridge = settings.table() + NftSettings.BRIDGE;
        if (count <= ONE_TRANSACTION) {
            StringBuilder commands = declare(settings.table(), wanted.keySet());
            wanted.forEach((set, list) -> NftElement.commands("add", settings.table(), elements(set, list), commands));
            run(remove(bridge, commands));
        } else if (isInForce()) {
            replaceBehind(bridge, wanted);
        } else { // nobody is kept out yet
            run(remove(bridge, declare(settings.table(), wanted.keySet())));
            fill(settings.table(), wanted);
        }
        made(wanted.keySet());
    }

    /**
     * Replaces the table in several transactions, so that memory stays bounded, while a second one with the same bans keeps out
     * whom the first one lets in. Whenever this is cut short, what either table holds is all: a mark in the table, set when it is
     * emptied, says that the other one is whole, which then stays until the table is, too.
     */
    private void replaceBehind(String bridge, Map<NftSet, List<Ban>> wanted) throws ActionException {
        if (!isBridged(bridge)) {
            run(declare(bridge, wanted.keySet()));
            fill(bridge, wanted);
        }
        run(declare(settings.table(), wanted.keySet())
                .append("add chain inet %s %s\n".formatted(settings.table(), MARK)));
        fill(settings.table(), wanted);
        run(remove(bridge, new StringBuilder("delete chain inet %s %s\n".formatted(settings.table(), MARK))));
    }

    /** Whether a reconcile was cut short after it had filled the bridge. */
    private boolean isBridged(String bridge) throws ActionException {
        String chains = chains();
        return chains.contains("\"" + bridge + "\"")
                && Pattern.compile("\"table\": *\"%s\", *\"name\": *\"%s\"".formatted(settings.table(), MARK))
                        .matcher(chains)
                        .find();
    }

    /** A reconcile begins: what others did before does not matter any more. */
    private void begin() throws ActionException {
        if (!known.isEmpty()) {
            before = before.plus(inTable());
        }
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
    private void made(Collection<NftSet> sets) throws ActionException {
        if (known.addAll(sets)) {
            outline = outline();
        }
    }

    private String outline() throws ActionException {
        try {
            return nft.outline(settings.table(), false);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private void fill(String table, Map<NftSet, List<Ban>> wanted) throws ActionException {
        for (Map.Entry<NftSet, List<Ban>> entry : wanted.entrySet()) {
            List<Ban> list = entry.getValue();
            for (int from = 0; from < list.size(); from += ONE_TRANSACTION) {
                List<Ban> part = list.subList(from, Math.min(from + ONE_TRANSACTION, list.size()));
                change(table, List.of(), elements(entry.getKey(), part));
            }
        }
    }

    private List<NftElement> elements(NftSet set, List<Ban> bans) {
        Instant now = clock.instant();
        return bans.stream().map(ban -> set.element(Prefixes.of(ban), ban, now)).toList();
    }

    private boolean isInForce() throws ActionException {
        return chains().contains("\"" + settings.table() + "\"");
    }

    private String chains() throws ActionException {
        try {
            // not "list tables", for which nft 1.0.6 loads all elements: 87 s and 1.5 GB with a million
            return nft.list("list chains inet");
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        Instant now = clock.instant();
        Outcome<IpPrefix> outcome = Prefixes.outcome(changes, this::takes, now);
        if (outcome.isNothing()) {
            return;
        }
        List<NftElement> gone = new ArrayList<>();
        List<NftElement> there = new ArrayList<>();
        Set<NftSet> sets = new LinkedHashSet<>();
        outcome.lifted().keySet().forEach(prefix -> gone.add(NftSet.of(prefix).element(prefix)));
        outcome.imposed().forEach((prefix, ban) -> {
            NftSet set = NftSet.of(prefix);
            gone.add(set.element(prefix));
            there.add(set.element(prefix, ban, now));
        });
        Stream.concat(outcome.lifted().keySet().stream(), outcome.imposed().keySet().stream())
                .forEach(prefix -> sets.add(NftSet.of(prefix)));
        makeSets(sets);
        gone.sort(Comparator.comparing(NftElement::set));
        there.sort(Comparator.comparing(NftElement::set));
        change(settings.table(), gone, there);
    }

    /** Makes those sets that the table lacks, empty. */
    private void makeSets(Collection<NftSet> sets) throws ActionException {
        StringBuilder commands = new StringBuilder();
        if (known.isEmpty()) { // later a missing table is a failure, so that all that was in it is put back
            commands.append("add table inet %s\n".formatted(settings.table()));
        }
        sets.stream()
                .filter(set -> !known.contains(set))
                .forEach(set -> set.declare(settings, settings.table(), commands));
        if (!commands.isEmpty()) {
            run(commands);
            made(sets);
        }
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
    public Optional<Boolean> holds(Subject subject) throws ActionException {
        if (!(subject instanceof Subject.Client client)) {
            return Optional.of(false);
        }
        try {
            return nft.has(settings.table(), NftSet.of(client.prefix()).element(client.prefix()));
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public Optional<Counts> counts() throws ActionException {
        return Optional.of(before.plus(inTable()));
    }

    /** The sum of all rules. */
    private Counts inTable() throws ActionException {
        try {
            Counts sum = Counts.NONE;
            Matcher counter = COUNTER.matcher(nft.outline(settings.table(), true));
            while (counter.find()) {
                sum = sum.plus(new Counts(Long.parseLong(counter.group(1)), Long.parseLong(counter.group(2))));
            }
            return sum;
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
        String text = commands.toString();
        own(() -> nft.run(text));
    }

    private void change(String table, List<NftElement> gone, List<NftElement> there) throws ActionException {
        own(() -> nft.change(table, gone, there));
    }

    private void own(NftEvents.Transaction transaction) throws ActionException {
        try {
            NftEvents open = events();
            if (open != null) {
                open.own(transaction);
            } else {
                transaction.run();
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
