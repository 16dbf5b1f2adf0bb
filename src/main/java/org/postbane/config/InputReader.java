package org.postbane.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.postbane.model.IpPrefix;
import org.postbane.model.PrefixSet;
import org.postbane.source.Input;
import org.postbane.source.ListenAddress;
import org.postbane.source.LogGroup;
import org.postbane.source.PathPattern;
import org.postbane.source.Trust;

/** Reads what a section {@code [source NAME]} is to read: exactly one of {@code path}, {@code journal} and {@code listen}. */
final class InputReader {

    private static final List<String> PLACES = List.of("path", "journal", "listen");
    private static final String SYSTEM = "system";

    private InputReader() {}

    /** The key that says what is read; {@code path} if none does. */
    static String key(Section section) {
        List<String> keys = present(section);
        return keys.isEmpty() ? "path" : keys.get(0);
    }

    /** An empty value is none: so a later file takes a key of an earlier one away. */
    private static List<String> present(Section section) {
        return PLACES.stream().filter(key -> has(section, key)).toList();
    }

    private static boolean has(Section section, String key) {
        return section.entry(key).filter(entry -> !entry.value().isBlank()).isPresent();
    }

    static Optional<Input> read(Section section) {
        List<String> keys = present(section);
        String key = key(section);
        if (keys.isEmpty()) {
            section.fault("path", "missing; expected the log, e.g. /var/log/mail.log, or 'journal' or 'listen'");
            return Optional.empty();
        }
        if (keys.size() > 1) {
            section.fault(keys.get(1), "stands beside '%s'; a source reads one of them".formatted(key));
            return Optional.empty();
        }
        refuseIdle(section, key);
        if (key.equals("path")) {
            return section.lines("path", InputReader::files);
        }
        Optional<Trust> trust =
                has(section, "trust") ? section.lines("trust", Trust::of) : Optional.of(Trust.standard());
        if (key.equals("journal")) {
            Optional<Optional<Path>> path = section.value(
                    "journal", text -> text.equals(SYSTEM) ? Optional.empty() : Optional.of(Values.absolutePath(text)));
            return path.isPresent() && trust.isPresent()
                    ? Optional.of(new Input.Journal(path.get(), trust.get()))
                    : Optional.empty();
        }
        Optional<ListenAddress> address = section.value("listen", ListenAddress::parse);
        if (address.isEmpty() || trust.isEmpty()) {
            return Optional.empty();
        }
        return senders(section, address.get()).map(senders -> new Input.Receiver(address.get(), senders, trust.get()));
    }

    /** One file, or what several lines or patterns mean. */
    private static Input files(String text) {
        List<PathPattern> patterns = new ArrayList<>();
        for (String line :
                text.lines().map(String::strip).filter(l -> !l.isEmpty()).toList()) {
            PathPattern pattern = PathPattern.parse(line);
            if (patterns.contains(pattern)) {
                throw new IllegalArgumentException("'%s' stands there twice".formatted(line));
            }
            patterns.add(pattern);
        }
        if (patterns.size() > LogGroup.MOST) {
            throw new IllegalArgumentException("more than %d files or patterns".formatted(LogGroup.MOST));
        }
        Optional<Path> single = patterns.get(0).single();
        return single.isPresent() && patterns.size() == 1 ? new Input.File(single.get()) : new Input.Files(patterns);
    }

    /** Whether both would read a file, as far as can be told without looking. */
    static boolean overlap(Input a, Input b) {
        if (a.toString().equals(b.toString())) {
            return true;
        }
        List<PathPattern> first = patterns(a);
        List<PathPattern> second = patterns(b);
        return first.stream().anyMatch(one -> second.stream().anyMatch(other -> overlap(one, other)));
    }

    private static boolean overlap(PathPattern a, PathPattern b) {
        return a.equals(b)
                || a.single().filter(b::matches).isPresent()
                || b.single().filter(a::matches).isPresent();
    }

    private static List<PathPattern> patterns(Input input) {
        if (input instanceof Input.Files files) {
            return files.patterns();
        }
        return input instanceof Input.File file ? List.of(PathPattern.of(file.path())) : List.of();
    }

    /** Keys that would do nothing here are mistakes of somebody who thinks they do. */
    private static void refuseIdle(Section section, String key) {
        if (!key.equals("listen") && has(section, "senders")) {
            section.fault("senders", "does nothing here; it goes with 'listen'");
        }
        if (key.equals("path") && has(section, "trust")) {
            section.fault("trust", "does nothing here; a file does not tell who wrote its lines");
        }
    }

    private static Optional<PrefixSet> senders(Section section, ListenAddress address) {
        if (!has(section, "senders")) {
            if (!address.isLocal()) {
                section.fault(
                        "listen",
                        "is no loopback address: 'senders' must name the networks that may send, e.g. senders = 192.0.2.0/28");
                return Optional.empty();
            }
            return Optional.of(new PrefixSet(List.of(IpPrefix.ofIpv4(127 << 24).network(8), Values.prefix("::1"))));
        }
        return section.lines("senders", text -> {
            List<IpPrefix> networks = new ArrayList<>();
            Values.words(text).forEach(word -> networks.add(Values.prefix(word)));
            return new PrefixSet(networks);
        });
    }
}
