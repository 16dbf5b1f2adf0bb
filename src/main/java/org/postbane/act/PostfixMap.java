package org.postbane.act;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.host.Command;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One access map of Postfix on disk: its text, made from bans, and, where the type has one, the index that postmap(1) makes of
 * it. Both are made aside and take the place of the old ones by renaming, the index first: whoever looks up finds the whole
 * old map or the whole new one, and where anything fails the old one stays. A map keeps its rights; a new one may be read by all.
 *
 * <p>For one thread. Memory: the text, twice while it is written.
 *
 * <p>Shortcomings: senders and logins with blanks, quotes or backslashes are passed over, as the text of a map would have to
 * quote them. Of IPv6 networks a table that knows no networks holds those that {@link PostfixKeys} has keys for.
 */
public final class PostfixMap {

    /** A map of a million entries takes 6 s on an idle machine. */
    static final Duration PATIENCE = Duration.ofMinutes(2);

    /** As those of postmap's own maps. */
    private static final Set<PosixFilePermission> RIGHTS = PosixFilePermissions.fromString("rw-r--r--");

    private static final Set<PosixFilePermission> DIRECTORY = PosixFilePermissions.fromString("rwxr-xr-x");

    private static final Logger LOG = LoggerFactory.getLogger(PostfixMap.class);
    private static final DateTimeFormatter UNTIL =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm'Z'").withZone(ZoneOffset.UTC);

    private final Path map;
    private final MapType type;
    private final List<String> instance;
    private final Programs programs;
    private @Nullable FileStamp text;
    private @Nullable FileStamp index;

    /**
     * @param map the text; its directory is made where only that is missing
     * @param instance {@code -c DIR} for a Postfix other than the default one, else nothing
     */
    PostfixMap(Path map, MapType type, List<String> instance, Programs programs) {
        this.map = map;
        this.type = type;
        this.instance = instance;
        this.programs = programs;
    }

    /**
     * A map of these bans as text, in the order of the keys; bans that it cannot hold are passed over.
     *
     * @param template what Postfix is to do, with tags
     * @param now bans that end before are left out
     */
    public static String text(MapType type, SubjectKind lookup, String template, Collection<Ban> bans, Instant now) {
        Map<String, String> lines = new TreeMap<>();
        for (Ban ban : bans) {
            if (ban.until().isAfter(now)) {
                for (String key : keys(type, lookup, ban.subject())) {
                    lines.put(key, value(type, template, ban));
                }
            }
        }
        StringBuilder text = new StringBuilder("# Made by Postbane from its bans in force; changes here are lost.\n");
        lines.forEach(
                (key, value) -> text.append(key).append('\t').append(value).append('\n'));
        return text.toString();
    }

    /** What stands on the left for a subject: several lines for some networks; none where the map cannot hold it. */
    static List<String> keys(MapType type, SubjectKind lookup, Subject subject) {
        if (lookup == SubjectKind.CLIENT && subject instanceof Subject.Client client) {
            return switch (type) {
                case CIDR -> List.of(client.prefix().toString());
                case PCRE ->
                    PostfixKeys.of(client.prefix()).stream()
                            .map(key -> expression(key, client.prefix()))
                            .toList();
                default -> PostfixKeys.of(client.prefix());
            };
        }
        String key = SubjectKind.bare(subject);
        boolean isKey = SubjectKind.of(subject) == lookup
                && isPlain(key)
                && (lookup != SubjectKind.SENDER || key.indexOf('@') > 0);
        if (!isKey) {
            return List.of();
        }
        return List.of(type == MapType.PCRE ? "/^" + escaped(key) + "$/" : key);
    }

    /** The key of a whole address ends the text, that of a network is followed by more. */
    private static String expression(String key, IpPrefix prefix) {
        IpPrefix address = IpPrefix.parse(key);
        if (address != null && address.isSingle()) {
            return "/^" + escaped(key) + "$/";
        }
        return "/^" + escaped(key) + (prefix.isIpv4() ? "\\." : ":") + "/";
    }

    private static String escaped(String text) {
        return text.replaceAll("([^A-Za-z0-9@_-])", "\\\\$1");
    }

    /** Whether it can stand as a key without quotes, and is no comment. */
    private static boolean isPlain(String key) {
        return !key.isEmpty()
                && !key.startsWith("#")
                && !key.endsWith(":")
                && key.chars()
                        .noneMatch(c -> c <= ' ' || c == '"' || c == '\\' || c == 0x7f || Character.isSpaceChar(c));
    }

    private static String value(MapType type, String template, Ban ban) {
        String value = template.replace("<until>", ban.isPermanent() ? "lifted by hand" : UNTIL.format(ban.until()))
                .replace("<ticket>", ticket(ban))
                .replace("<jail>", ban.jail())
                .replace("<subject>", shown(ban.subject()));
        return type == MapType.PCRE ? value.replace("$", "$$") : value;
    }

    /** In plain characters: the reply is SMTP. */
    private static String shown(Subject subject) {
        return SubjectKind.bare(subject).replaceAll("[^!-~]", "?");
    }

    /** Eight digits that stay the same while the ban lasts, for who writes to the postmaster. */
    static String ticket(Ban ban) {
        CRC32 crc = new CRC32();
        crc.update((ban.subject() + " " + ban.jail() + " " + ban.from()).getBytes(StandardCharsets.UTF_8));
        return "%08x".formatted(crc.getValue());
    }

    /**
     * Makes a map by hand: writes {@code text}, made for {@code type}, and its index.
     *
     * @throws ActionException with the old map left in force
     */
    public static void make(Path map, MapType type, String text) throws ActionException {
        new PostfixMap(map, type, List.of(), new Programs("map", PATIENCE)).install(text);
    }

    /** Postfix's own default_database_type. */
    public static MapType standardType() throws ActionException {
        return standardType(List.of(), new Programs("map", PATIENCE));
    }

    static MapType standardType(List<String> instance, Programs programs) throws ActionException {
        List<String> command = new ArrayList<>(List.of(Command.find("postconf")));
        command.addAll(instance);
        command.addAll(List.of("-h", "default_database_type"));
        String word = programs.run(command, "").out().strip();
        try {
            return MapType.parse(word);
        } catch (IllegalArgumentException e) {
            throw new ActionException(
                    "%s: default_database_type of Postfix: %s".formatted(programs.action(), e.getMessage()), e);
        }
    }

    /** Puts a map with this text into force. */
    void install(String wanted) throws ActionException {
        Path aside = map.resolveSibling("." + map.getFileName() + ".new");
        Path asideIndex = indexOf(aside);
        try {
            Path directory = map.getParent();
            if (directory != null && !Files.isDirectory(directory)) {
                Files.createDirectory(directory); // not what is above it: that would be a mistake in the path
                Files.setPosixFilePermissions(directory, DIRECTORY);
            }
            Files.writeString(aside, wanted);
            giveRights(aside, map, RIGHTS);
            if (type.isIndexed()) {
                Files.deleteIfExists(asideIndex);
                programs.run(postmap(type.word() + ":" + aside), "");
                giveRights(asideIndex, indexOf(map), Files.getPosixFilePermissions(aside));
                move(asideIndex, indexOf(map));
                index = FileStamp.of(indexOf(map));
            }
            move(aside, map);
            text = FileStamp.of(map);
        } catch (IOException e) {
            throw new ActionException("%s: map %s: %s".formatted(programs.action(), map, ActionException.why(e)), e);
        } finally {
            discard(aside);
            discard(asideIndex);
        }
    }

    /**
     * Whatever our umask, those of the file that it replaces, and its group where we may give that. Parts of Postfix, such as
     * proxymap(8), read maps as its own user.
     */
    private static void giveRights(Path file, Path old, Set<PosixFilePermission> otherwise) throws IOException {
        Set<PosixFilePermission> rights = otherwise;
        if (Files.exists(old)) {
            PosixFileAttributes before = Files.readAttributes(old, PosixFileAttributes.class);
            giveGroup(file, before.group());
            rights = before.permissions();
        }
        Files.setPosixFilePermissions(file, rights);
    }

    private static void giveGroup(Path file, GroupPrincipal group) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (!view.readAttributes().group().equals(group)) {
            try {
                view.setGroup(group);
            } catch (IOException e) { // only root may give any
                LOG.debug("{}: {}", file, ActionException.why(e));
            }
        }
    }

    private static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** After a success there is nothing left; what a failure leaves, and cannot be deleted, the next try overwrites. */
    private static void discard(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.debug("{}: {}", file, ActionException.why(e));
        }
    }

    private Path indexOf(Path file) {
        return file.resolveSibling(file.getFileName() + type.suffix());
    }

    /** Whether the files are those that {@link #install} left. */
    boolean isIntact() {
        try {
            return Objects.equals(text, FileStamp.of(map))
                    && (!type.isIndexed() || Objects.equals(index, FileStamp.of(indexOf(map))));
        } catch (IOException e) {
            return false; // most likely they are gone
        }
    }

    /** Whether Postfix's own look-up finds what keeps the subject out. */
    boolean holds(SubjectKind lookup, Subject subject) throws ActionException {
        List<String> wanted = keys(type, lookup, subject);
        if (!wanted.isEmpty() && (type == MapType.CIDR || type == MapType.PCRE)) { // keys are patterns there
            wanted = List.of(
                    subject instanceof Subject.Client client
                            ? Prefixes.first(client.prefix())
                            : SubjectKind.bare(subject));
        }
        for (String key : wanted) {
            List<String> command = new ArrayList<>(postmap("-q"));
            command.addAll(List.of(key, type.word() + ":" + map));
            var result = programs.call(command, "");
            boolean onlyWarns = result.err().lines().allMatch(line -> line.startsWith("postmap: warning: "));
            if (result.status() != 0 && !onlyWarns) {
                throw programs.failure(command, result);
            }
            if (result.status() != 0) {
                return false;
            }
        }
        return !wanted.isEmpty();
    }

    private List<String> postmap(String argument) {
        List<String> command = new ArrayList<>(List.of(Command.find("postmap")));
        command.addAll(instance);
        command.add(argument);
        return command;
    }
}
