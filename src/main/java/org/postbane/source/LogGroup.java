package org.postbane.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postbane.source.FileTail.StartAt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The growing files that the patterns of one section name: looks each second which there are, and gives each a {@link
 * FileTail} with a position of its own. Itself a source without lines, whose position says which files those are.
 *
 * <p>A file that comes later is read from its start, unless it is what became of a followed one: compressed, called as
 * {@link RotatedFiles} are called after another one that is followed or there, or the same file or a copy of one by inode or
 * first bytes. A file is looked at when it has {@link #LONG_ENOUGH} bytes, as nobody knows earlier what it is. On the first
 * run, and after the patterns were changed, files that are there already are read from their ends on.
 *
 * <p>One that is gone is waited for, a day, and for ever while files lie there that are called after it: else these would
 * look like logs. At most {@link #MOST} files are followed; of more, those that were changed last: one that rested for a day makes
 * room for a younger one. What was left out is read from its end when its turn comes.
 *
 * <p>Not thread-safe. Memory: what {@link FileTail} needs for each, and a thousand paths. A directory that cannot be
 * listed is a fault of the group; its files that are open are read on.
 *
 * <p>Known shortcomings: {@code host-1.log} beside {@code host.log} looks like a rotation of it; a pattern without special
 * characters that names it has it read. A copy of a log that was made while nobody ran, and of which the log has been rotated since,
 * is known by its name only.
 */
public final class LogGroup implements LineSource {

    /** Files followed at once. */
    public static final int MOST = 64;

    /** How long a file that is gone is waited for, and must have rested to make room. */
    static final Duration GONE = Duration.ofDays(1);

    /** Bytes that do not repeat by chance: a time stamp and a few words. */
    static final int LONG_ENOUGH = 64;

    /** Names that fit, of which most are rotated files. */
    private static final int MOST_FOUND = 1_000;

    private static final int MOST_HEADS = 256;
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final String INDEX = "files\t";
    private static final String IGNORED = "-";
    private static final List<String> NO_LOGS =
            List.of(".gz", ".zst", ".bz2", ".xz", ".lz4", ".Z", ".zip", ".old", ".bak", ".tmp", ".swp", "~");

    private static final Logger LOG = LoggerFactory.getLogger(LogGroup.class);

    /**
     * One of the files.
     *
     * @param key under which its position is kept
     */
    public record Member(String key, FileTail tail) {}

    private final String name;
    private final List<PathPattern> patterns;

    /** These patterns were followed before: what is not known is new. */
    private final boolean goesOn;

    /** Of a single file that had the name before. */
    private final @Nullable Position former;

    private final Map<Path, Member> followed = new TreeMap<>();
    private final Map<Path, Instant> missing = new HashMap<>();

    /** Files that are others under another name, with their inodes. */
    private final Map<Path, String> ignored = new TreeMap<>();

    /** For which there was no room. */
    private final Set<Path> leftOut = new HashSet<>();

    /** Of all that were followed lately, also before a rotation. */
    private final Set<Fingerprint> heads = new LinkedHashSet<>();

    private SortedSet<Path> listed = new TreeSet<>();
    private Set<Path> rotated = Set.of();
    private final List<Member> found = new ArrayList<>();
    private final List<Member> gone = new ArrayList<>();
    private Position position = TailPosition.NOTHING;
    private boolean hasLooked;
    private boolean toldRoom;
    private Instant lastLook = Instant.MIN;
    private List<String> faults = List.of();

    /**
     * Looks at no file yet.
     *
     * @param name of the source in the configuration
     * @param patterns one or more
     * @param store has the positions of a former run
     */
    public LogGroup(String name, List<PathPattern> patterns, PositionStore store) {
        this.name = name;
        this.patterns = List.copyOf(patterns);
        Optional<Position> stored = store.position(name);
        Index index = stored.map(Index::parse).orElse(Index.NONE);
        goesOn = index.patterns().equals(text(patterns));
        former = stored.filter(TailPosition::isOne).orElse(null);
        index.slots().forEach((path, slot) -> {
            if (isMeant(path) && followed.size() < MOST) {
                follow(path, slot, store.position(key(slot)), StartAt.END);
            }
        });
        if (goesOn) {
            ignored.putAll(index.ignored());
        }
        for (PathPattern pattern : patterns) {
            pattern.single()
                    .filter(path -> !followed.containsKey(path))
                    .ifPresent(path -> follow(path, freeSlot(), formerOf(path), StartAt.END));
        }
        write();
    }

    /** Where a file that was a member of a group of that name had been read to; for when it is followed alone. */
    public static Optional<Position> positionOf(PositionStore store, String name, Path path) {
        Optional<Position> stored = store.position(name);
        Integer slot = stored.map(Index::parse).orElse(Index.NONE).slots().get(path);
        return slot == null ? stored : store.position(key(name, slot));
    }

    private static String text(List<PathPattern> patterns) {
        return patterns.stream().map(PathPattern::toString).collect(Collectors.joining("\t"));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String place() {
        return patterns.stream().map(PathPattern::toString).collect(Collectors.joining(" "));
    }

    /** Files that are followed since the last call: to be read as sources of their own. */
    public List<Member> takeFound() {
        List<Member> taken = List.copyOf(found);
        found.clear();
        return taken;
    }

    /** Files that are not followed any more since the last call: to be closed. */
    public List<Member> takeGone() {
        List<Member> taken = List.copyOf(gone);
        gone.clear();
        return taken;
    }

    /** Looks which files there are, not more often than each second. Hands on no line. */
    @Override
    public boolean poll(LineSink sink, int most, Instant now) throws IOException {
        if (now.isBefore(lastLook) || !now.isBefore(lastLook.plus(LOOK))) {
            lastLook = now;
            faults = look(now);
        }
        if (!faults.isEmpty()) {
            throw new IOException(String.join("; ", faults));
        }
        return false;
    }

    private List<String> look(Instant now) {
        List<String> wrong = new ArrayList<>();
        SortedSet<Path> there = new TreeSet<>();
        for (PathPattern pattern : patterns) {
            if (pattern.single().isEmpty()) {
                PathPattern.Found look = pattern.find();
                there.addAll(look.files());
                wrong.addAll(look.faults());
            }
        }
        if (there.size() > MOST_FOUND) {
            wrong.add("%s: over %d files are called so".formatted(place(), MOST_FOUND));
            return wrong;
        }
        remember();
        if (!there.equals(listed)) {
            listed = there;
            rotated = rotated();
            ignored.keySet().retainAll(there);
            leftOut.retainAll(there);
            List.copyOf(followed.keySet()).stream().filter(rotated::contains).forEach(this::drop);
        }
        for (Path path : there) {
            if (!followed.containsKey(path) && !rotated.contains(path)) {
                try {
                    consider(path, now);
                } catch (MovedException e) {
                    LOG.debug("{}: {}", name, e.getMessage());
                } catch (IOException e) {
                    wrong.add(String.valueOf(e.getMessage()));
                }
            }
        }
        if (wrong.isEmpty()) {
            dropMissing(now);
        }
        hasLooked = true;
        write();
        return wrong;
    }

    /** Those that are followed, or could be, by their names. */
    private Set<Path> rotated() {
        Set<Path> logs = new HashSet<>(listed);
        logs.addAll(followed.keySet());
        Set<Path> none = new HashSet<>();
        for (Path path : listed) {
            String file = path.getFileName().toString();
            if (!isNamed(path)
                    && (NO_LOGS.stream().anyMatch(file::endsWith)
                            || logs.stream().anyMatch(log -> isRotation(path, log)))) {
                none.add(path);
            }
        }
        return none;
    }

    private static boolean isRotation(Path path, Path log) {
        return !path.equals(log)
                && Objects.equals(path.getParent(), log.getParent())
                && RotatedFiles.isRotated(path, log);
    }

    private boolean isMeant(Path path) {
        return patterns.stream().anyMatch(pattern -> pattern.matches(path));
    }

    /** Whether it is named itself. */
    private boolean isNamed(Path path) {
        return patterns.stream().anyMatch(pattern -> pattern.single().equals(Optional.of(path)));
    }

    private void consider(Path path, Instant now) throws IOException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(path, BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            return;
        } catch (IOException e) {
            throw FileFault.of(path.toString(), e);
        }
        String inode = String.valueOf(attributes.fileKey());
        if (inode.equals(ignored.get(path)) || attributes.size() < LONG_ENOUGH) {
            return;
        }
        @Nullable Path same = sameAs(path, inode);
        if (same != null) {
            LOG.info("{}: {} is not read, as it is {} or a copy of it", name, path, same);
            ignored.put(path, inode);
            return;
        }
        if (followed.size() >= MOST && !makeRoom(attributes.lastModifiedTime().toInstant(), now)) {
            if (leftOut.add(path) && !toldRoom) {
                toldRoom = true;
                LOG.warn(
                        "{}: {} and perhaps others are not read: over {} files are called so; name fewer in a section",
                        name,
                        path,
                        MOST);
            }
            return;
        }
        boolean wasThere = leftOut.remove(path)
                || !hasLooked && (!goesOn || listed.size() - rotated.size() > MOST); // or it was left out before
        Optional<Position> before = formerOf(path);
        if (before.isEmpty()) {
            LOG.info("{}: reading {} from its {}", name, path, wasThere ? "end" : "start");
        }
        follow(path, freeSlot(), before, wasThere ? StartAt.END : StartAt.BEGINNING);
    }

    /** What the section's single file was read to, if it is this one. */
    private Optional<Position> formerOf(Path path) {
        if (former == null || hasLooked || former.identity().isEmpty()) {
            return Optional.empty();
        }
        List<Place> places = TailPosition.places(former);
        String inode = places.get(places.size() - 1).inode();
        try {
            return RotatedFiles.identity(path).filter(inode::equals).map(same -> former);
        } catch (IOException e) {
            LOG.debug("{}: {}", name, e.getMessage());
            return Optional.empty();
        }
    }

    /** The followed file that this one is, or of which it is a copy; null if it is another one. */
    private @Nullable Path sameAs(Path path, String inode) throws IOException {
        for (Map.Entry<Path, Member> other : followed.entrySet()) {
            boolean open = TailPosition.places(other.getValue().tail().position()).stream()
                    .anyMatch(place -> place.inode().equals(inode));
            if (open || RotatedFiles.identity(other.getKey()).equals(Optional.of(inode))) {
                return other.getKey();
            }
        }
        byte[] first = new byte[Fingerprint.MOST];
        int length;
        try (var in = Files.newInputStream(path)) {
            length = in.readNBytes(first, 0, first.length);
        } catch (NoSuchFileException e) {
            throw new MovedException(path + ": gone");
        } catch (IOException e) {
            LOG.debug("{}: {}", path, e.getMessage());
            return null; // its tail will say why
        }
        for (Fingerprint head : heads) {
            if (head.length() <= length && head.fits(first, 0, head.length())) {
                return owner(head);
            }
        }
        return null;
    }

    private Path owner(Fingerprint head) {
        for (Map.Entry<Path, Member> other : followed.entrySet()) {
            if (TailPosition.places(other.getValue().tail().position()).stream()
                    .anyMatch(place -> place.head().equals(head))) {
                return other.getKey();
            }
        }
        return Path.of("an older one");
    }

    /** Takes down how the followed files begin: after a rotation these bytes are elsewhere. */
    private void remember() {
        for (Member member : followed.values()) {
            for (Place place : TailPosition.places(member.tail().position())) {
                if (place.head().length() >= LONG_ENOUGH) {
                    heads.add(place.head());
                }
            }
        }
        Iterator<Fingerprint> oldest = heads.iterator();
        while (heads.size() > MOST_HEADS) {
            oldest.next();
            oldest.remove();
        }
    }

    /** Gives up the file that rested for the longest time, if it is older than the new one. */
    private boolean makeRoom(Instant modified, Instant now) {
        Optional<Path> oldest =
                followed.keySet().stream().filter(path -> !isNamed(path)).min(Comparator.comparing(LogGroup::modified));
        if (oldest.isEmpty()) {
            return false;
        }
        Instant rested = modified(oldest.get());
        if (!rested.isBefore(modified) || rested.plus(GONE).isAfter(now) || isWaitedFor(oldest.get())) {
            return false;
        }
        leftOut.add(oldest.get());
        drop(oldest.get());
        return true;
    }

    /** The epoch if it is gone. */
    private static Instant modified(Path path) {
        try {
            return Files.getLastModifiedTime(path).toInstant();
        } catch (IOException e) {
            LOG.debug("{}: {}", path, e.getMessage());
            return Instant.EPOCH;
        }
    }

    private void dropMissing(Instant now) {
        for (Path path : List.copyOf(followed.keySet())) {
            if (listed.contains(path) || isNamed(path)) {
                missing.remove(path);
                continue;
            }
            Instant since = missing.merge(path, now, (a, b) -> a.isBefore(b) ? a : b);
            if (!now.isBefore(since.plus(GONE)) && !isWaitedFor(path)) {
                LOG.info("{}: {} is gone for a day, and not waited for any more", name, path);
                drop(path);
            }
        }
    }

    /** Files lie there that would be taken for logs without it. */
    private boolean isWaitedFor(Path path) {
        return listed.stream().anyMatch(file -> isRotation(file, path));
    }

    private void follow(Path path, int slot, Optional<Position> stored, StartAt startAt) {
        String shown = patterns.stream()
                .filter(pattern -> pattern.matches(path))
                .map(pattern -> pattern.distinct(path))
                .findFirst()
                .orElse(path.toString());
        Member member = new Member(key(slot), new FileTail(name + ":" + shown, path, stored, startAt));
        followed.put(path, member);
        found.add(member);
    }

    private void drop(Path path) {
        @Nullable Member member = followed.remove(path);
        missing.remove(path);
        if (member != null && !found.remove(member)) {
            gone.add(member);
        }
    }

    private String key(int slot) {
        return key(name, slot);
    }

    private static String key(String name, int slot) {
        return name + "#" + slot; // no name of a section has that sign
    }

    private int freeSlot() {
        Set<String> taken = followed.values().stream().map(Member::key).collect(Collectors.toSet());
        int slot = 1;
        while (taken.contains(key(slot))) {
            slot++;
        }
        return slot;
    }

    /** Which files they are, for a later run. */
    @Override
    public Position position() {
        return position;
    }

    private void write() {
        StringBuilder text = new StringBuilder(INDEX).append(text(patterns));
        followed.forEach((path, member) -> text.append('\n')
                .append(member.key().substring(name.length() + 1))
                .append(' ')
                .append(path));
        ignored.forEach((path, inode) ->
                text.append('\n').append(IGNORED).append(inode).append(' ').append(path));
        if (!position.identity().contentEquals(text)) {
            position = new Position(text.toString(), 0);
        }
    }

    /** None of its own: its files have theirs. */
    @Override
    public long backlog() {
        return 0;
    }

    @Override
    public Optional<String> waitsFor() {
        return hasLooked && followed.isEmpty() ? Optional.of("no file is called " + place()) : Optional.empty();
    }

    @Override
    public void close() throws IOException {
        for (Member member : followed.values()) {
            member.tail().close();
        }
    }

    /**
     * What {@link #position} says, read again: the patterns and then, a line each, {@code 3 /path} for a followed file,
     * {@code -(dev=fd01,ino=4711) /path} for an ignored one.
     */
    private record Index(String patterns, Map<Path, Integer> slots, Map<Path, String> ignored) {

        static final Index NONE = new Index("", Map.of(), Map.of());

        static Index parse(Position position) {
            if (!position.identity().startsWith(INDEX)) {
                return NONE;
            }
            String[] lines = position.identity().split("\n", -1);
            Map<Path, Integer> slots = new TreeMap<>();
            Map<Path, String> ignored = new TreeMap<>();
            for (int i = 1; i < lines.length; i++) {
                int blank = lines[i].indexOf(' ');
                Path path = Path.of(lines[i].substring(blank + 1));
                String word = lines[i].substring(0, blank);
                if (word.startsWith(IGNORED)) {
                    ignored.put(path, word.substring(IGNORED.length()));
                } else {
                    slots.put(path, Integer.valueOf(word));
                }
            }
            return new Index(lines[0].substring(INDEX.length()), slots, ignored);
        }
    }
}
