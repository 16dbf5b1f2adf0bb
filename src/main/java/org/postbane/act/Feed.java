package org.postbane.act;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.postbane.decide.Ban;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;

/**
 * The bans in force as a file that other programs read, in one of their formats. Who is never banned is left out, and where such an
 * address lies within a banned network, excluded, as far as the format can say that.
 *
 * @param expires how long a DNS list may be used after it was made
 */
public record Feed(Format format, Duration expires) {

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuu:MM:dd:HH:mm:ss").withZone(ZoneOffset.UTC);

    /** For whom. */
    public enum Format {
        /** One subject on each line. Cannot say exclusions. */
        PLAIN,
        /** One document: {@code {"made": .., "bans": [{"subject", "jail", "from", "until", "reason"}], "allowed": [..]}}. */
        JSON,
        /** A cidr table for postscreen_access_list. */
        CIDR,
        /** A zone of rbldnsd's type combined, see rbldnsd(8). */
        RBLDNSD,
        /** See hosts_access(5). */
        HOSTS_DENY;

        /** The constant of this name, in lower case and with {@code -}. */
        public static Format parse(String text) {
            for (Format format : values()) {
                if (format.word().equals(text)) {
                    return format;
                }
            }
            throw new IllegalArgumentException(
                    "'%s': expected plain, json, cidr, rbldnsd or hosts-deny".formatted(text));
        }

        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** Whether it can name accounts and senders. */
        boolean namesAll() {
            return this == PLAIN || this == JSON;
        }
    }

    public Feed {
        if (expires.compareTo(Duration.ofMinutes(1)) < 0) {
            throw new IllegalArgumentException("expires after %s: too soon".formatted(expires));
        }
    }

    /** The text of the file: in order of the subjects. */
    public String text(Collection<Ban> bans, Collection<Subject> allowed, Instant now) {
        List<IpPrefix> never = allowed.stream()
                .filter(Subject.Client.class::isInstance)
                .map(subject -> ((Subject.Client) subject).prefix())
                .sorted()
                .toList();
        List<Ban> listed = bans.stream()
                .filter(ban -> ban.until().isAfter(now) && isListed(ban, allowed, never))
                .sorted(Comparator.comparing(Feed::order)
                        .thenComparing(ban -> ban.subject().toString()))
                .toList();
        return switch (format) {
            case PLAIN -> listed.stream().map(ban -> ban.subject() + "\n").collect(Collectors.joining());
            case JSON -> json(listed, never, now);
            case CIDR -> cidr(listed, never);
            case RBLDNSD -> zone(listed, never, now);
            case HOSTS_DENY -> hostsDeny(listed, never);
        };
    }

    private boolean isListed(Ban ban, Collection<Subject> allowed, List<IpPrefix> never) {
        return ban.subject() instanceof Subject.Client client
                ? never.stream().noneMatch(prefix -> prefix.contains(client.prefix()))
                : format.namesAll() && !allowed.contains(ban.subject());
    }

    /** IPv4 before IPv6 before names, addresses by number. */
    private static String order(Ban ban) {
        if (!(ban.subject() instanceof Subject.Client client)) {
            return "9";
        }
        StringBuilder order = new StringBuilder(client.prefix().isIpv4() ? "4" : "6");
        for (byte b : client.prefix().address()) {
            order.append("%02x".formatted(b));
        }
        return order.append("%03d".formatted(client.prefix().length())).toString();
    }

    private static IpPrefix prefix(Ban ban) {
        return ((Subject.Client) ban.subject()).prefix();
    }

    /** Those within a network; only they need to be excluded. */
    private static List<IpPrefix> within(IpPrefix network, List<IpPrefix> never) {
        return never.stream().filter(network::contains).toList();
    }

    private static List<IpPrefix> excluded(List<Ban> bans, List<IpPrefix> never) {
        List<IpPrefix> networks = bans.stream()
                .map(Feed::prefix)
                .filter(prefix -> !prefix.isSingle())
                .toList();
        return never.stream()
                .filter(prefix -> networks.stream().anyMatch(network -> network.contains(prefix)))
                .toList();
    }

    private static String cidr(List<Ban> bans, List<IpPrefix> never) {
        StringBuilder text = new StringBuilder("# Made by Postbane from its bans in force; changes here are lost.\n");
        excluded(bans, never).forEach(prefix -> text.append(prefix).append("\tdunno\n")); // the first match counts
        bans.forEach(ban -> text.append(prefix(ban)).append("\treject\n"));
        return text.toString();
    }

    private String zone(List<Ban> bans, List<IpPrefix> never, Instant now) {
        StringBuilder text = new StringBuilder("# Made by Postbane from its bans in force; changes here are lost.\n");
        List<IpPrefix> excluded = excluded(bans, never);
        for (boolean ipv4 : List.of(true, false)) {
            text.append(ipv4 ? "$DATASET ip4trie:v4 @\n" : "$DATASET ip6trie:v6 @\n");
            text.append("$TIMESTAMP ")
                    .append(STAMP.format(now))
                    .append(" +")
                    .append(expires.toSeconds())
                    .append("s\n");
            text.append(":127.0.0.2:$ is banned\n");
            excluded.stream()
                    .filter(prefix -> prefix.isIpv4() == ipv4)
                    .forEach(prefix -> text.append('!').append(prefix).append('\n'));
            bans.stream()
                    .map(Feed::prefix)
                    .filter(prefix -> prefix.isIpv4() == ipv4)
                    .forEach(prefix -> text.append(prefix).append('\n'));
        }
        return text.toString();
    }

    private static String hostsDeny(List<Ban> bans, List<IpPrefix> never) {
        StringBuilder text = new StringBuilder("# Made by Postbane from its bans in force; changes here are lost.\n");
        for (Ban ban : bans) {
            text.append("ALL: ").append(pattern(prefix(ban)));
            List<IpPrefix> but = within(prefix(ban), never);
            if (!but.isEmpty()) {
                text.append(" EXCEPT ").append(but.stream().map(Feed::pattern).collect(Collectors.joining(" ")));
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static String pattern(IpPrefix prefix) {
        String text = prefix.toString();
        int slash = text.indexOf('/');
        return prefix.isIpv4()
                ? text
                : slash < 0 ? "[" + text + "]" : "[" + text.substring(0, slash) + "]" + text.substring(slash);
    }

    private static String json(List<Ban> bans, List<IpPrefix> never, Instant now) {
        StringBuilder text = new StringBuilder("{\"made\": ")
                .append(Quoted.json(now.toString()))
                .append(", \"bans\": [");
        String comma = "\n";
        for (Ban ban : bans) {
            text.append(comma)
                    .append("  {\"subject\": ")
                    .append(Quoted.json(ban.subject().toString()));
            text.append(", \"jail\": ").append(Quoted.json(ban.jail()));
            text.append(", \"from\": ").append(Quoted.json(ban.from().toString()));
            text.append(", \"until\": ")
                    .append(ban.isPermanent() ? "null" : Quoted.json(ban.until().toString()));
            text.append(", \"reason\": ").append(Quoted.json(ban.reason())).append('}');
            comma = ",\n";
        }
        return text.append("],\n \"allowed\": [")
                .append(never.stream()
                        .map(prefix -> Quoted.json(prefix.toString()))
                        .collect(Collectors.joining(", ")))
                .append("]}\n")
                .toString();
    }

    /** How the file names a subject; empty if it cannot. For {@link FileAction#holds}. */
    String mark(Subject subject) {
        String name = subject.toString(); // has no control characters
        if (format.namesAll()) {
            return format == Format.JSON
                    ? "{\"subject\": " + Quoted.json(subject.toString()) + ","
                    : "\n" + name + "\n";
        }
        if (!(subject instanceof Subject.Client client)) {
            return "";
        }
        return switch (format) {
            case CIDR -> "\n" + name + "\treject\n";
            case HOSTS_DENY -> "\nALL: " + pattern(client.prefix());
            default -> "\n" + name + "\n";
        };
    }

    /**
     * Writes a file for others to read: aside, to the disk, then renamed, so that a reader has the whole old one or the whole
     * new one.
     */
    public static void write(Path file, String text) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null && !Files.isDirectory(directory)) {
            Files.createDirectory(directory); // not what is above it: that would be a mistake in the path
        }
        Path aside = file.resolveSibling("." + file.getFileName() + ".new");
        Files.deleteIfExists(aside);
        try {
            Files.createFile(aside, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
            Files.setPosixFilePermissions(aside, PosixFilePermissions.fromString("rw-r--r--")); // whatever the umask
            try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(aside);
        }
    }
}
