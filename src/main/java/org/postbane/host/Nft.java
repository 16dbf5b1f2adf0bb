package org.postbane.host;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The kernel's packet filter, spoken to in nft's own language. In a command stand only literal addresses, numbers and
 * names that this program chose: nft asks DNS for anything else.
 *
 * <p>To be used from one thread at a time.
 */
public interface Nft extends AutoCloseable {

    /**
     * Runs {@code commands}, separated by line ends, as one transaction: all take effect in the same moment, or none.
     *
     * @throws IOException nft refused (the message holds the first lines of what it printed), or is out of reach
     */
    void run(String commands) throws IOException;

    /**
     * Takes elements out of sets of the table of family inet, there or not, and puts others in, as one transaction. Those of
     * one set should stand together in their list.
     *
     * @param gone without ends
     * @throws IOException as {@link #run}; nothing has changed then
     */
    default void change(String table, List<NftElement> gone, List<NftElement> there) throws IOException {
        StringBuilder commands = new StringBuilder();
        NftElement.commands("add", table, gone, commands); // else to delete what is not there is an error
        NftElement.commands("delete", table, gone, commands);
        NftElement.commands("add", table, there, commands);
        run(commands.toString());
    }

    /**
     * Whether a set of the table of family inet has an element; empty where only {@code get element} could tell, which costs as
     * much as {@link #list}.
     */
    default Optional<Boolean> has(String table, NftElement element) throws IOException {
        return Optional.empty();
    }

    /**
     * What {@code command} ({@code list chains inet}) prints, as the JSON of libnftables-json(5). {@code list tables}, {@code
     * get element} and of course {@code list set} load all elements first, even if they print none: that costs about 1.3 kB of memory
     * for each element that is listed.
     *
     * @throws IOException as {@link #run}
     */
    String list(String command) throws IOException;

    /**
     * The table of family inet as nft prints it: chains, rules and sets, without elements, so that it costs the same however many
     * elements there are (nft 1.0 and newer).
     *
     * @param counted with what counters count
     * @return empty if there is no such table
     * @throws IOException as {@link #run}
     */
    String outline(String table, boolean counted) throws IOException;

    /**
     * One table of {@code list ruleset inet}: {@code list table inet NAME} of nft 1.0.6 loads all elements first, even where it is to
     * print none (0.9 s of CPU time for 100,000).
     */
    static String table(String ruleset, String table) {
        return ruleset.lines()
                .dropWhile(line -> !line.equals("table inet %s {".formatted(table)))
                .takeWhile(line -> !line.equals("}"))
                .collect(Collectors.joining("\n"));
    }

    /** Releases resources; the kernel's tables stay as they are. */
    @Override
    void close();

    /**
     * Begins to load the library, on a thread of its own, so that {@link #open} finds it loaded: that takes a tenth of a
     * second.
     */
    static void load() {
        Thread loader = new Thread(LibNftables::isPresent, "load libnftables");
        loader.setDaemon(true);
        loader.start();
    }

    /** The library where it can be loaded, since it answers a hundred times faster; the program elsewhere. */
    static Nft open() {
        return LibNftables.isPresent() ? new LibNftables() : new NftCommand();
    }
}
