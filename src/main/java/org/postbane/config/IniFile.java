package org.postbane.config;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ini4j.Config;
import org.ini4j.InvalidFileFormatException;
import org.ini4j.spi.IniHandler;
import org.ini4j.spi.IniParser;
import org.jspecify.annotations.Nullable;

/**
 * One file in the dialect of fail2ban, as it stands on disk: sections of {@code key = value} (or {@code key: value}), each
 * with its line. A line indented deeper than its key continues the value; {@code #} and {@code ;} begin a comment at the
 * start of a line or after a blank. A key or section that occurs twice is a fault: which one was meant nobody knows.
 *
 * <p>The only class that knows ini4j, which takes headers and options apart here, line by line, so that one bad line does
 * not hide the next. It never sees a path or URL (CVE-2022-41404), includes and escapes are off.
 *
 * <p>Shortcomings: a value cannot hold {@code #} or {@code ;} after a blank, quoted or not.
 *
 * @param file as shown to people
 * @param sections in the order of the file
 */
record IniFile(String file, List<Part> sections) {

    /** Largest file that is read, in bytes. */
    static final int MAX_BYTES = 1 << 20;

    IniFile {
        sections = List.copyOf(sections);
    }

    /** A section of one file. */
    record Part(String name, Place place, List<Entry> entries) {
        Part {
            entries = List.copyOf(entries);
        }
    }

    static IniFile parse(TextFile text, Faults faults) {
        return new Scan(text, faults).run();
    }

    /** One pass over one file. */
    private static final class Scan {

        private final TextFile text;
        private final Faults faults;
        private final Token token = new Token();
        private final Map<String, Part> parts = new LinkedHashMap<>();

        private @Nullable String section;
        private Place sectionPlace;
        private Map<String, Entry> entries = new LinkedHashMap<>();
        private @Nullable Entry open;
        private int openIndent;

        Scan(TextFile text, Faults faults) {
            this.text = text;
            this.faults = faults;
            this.sectionPlace = new Place(text.file(), 0, text.builtIn());
        }

        IniFile run() {
            for (int i = 0; i < text.lines().size(); i++) {
                String raw = text.lines().get(i);
                String content = TextFile.withoutComment(raw, "#;");
                if (!content.isEmpty()) {
                    line(content, indent(raw), new Place(text.file(), i + 1, text.builtIn()));
                }
            }
            closeSection();
            return new IniFile(text.file(), new ArrayList<>(parts.values()));
        }

        private static int indent(String raw) {
            int indent = 0;
            while (indent < raw.length() && Character.isWhitespace(raw.charAt(indent))) {
                indent++;
            }
            return indent;
        }

        private void line(String content, int indent, Place place) {
            if (open != null && indent > openIndent) {
                continueValue(open, content);
                return;
            }
            open = null;
            if (!token.read(content)) {
                faults.add(place, "'%s' is neither [section] nor key = value".formatted(content));
            } else if (token.key == null) {
                openSection(token.section, place);
            } else if (section == null) {
                faults.add(place, token.key, "stands before the first [section]");
            } else {
                Entry entry = new Entry(token.key, token.value, place);
                Entry earlier = entries.putIfAbsent(entry.key(), entry);
                if (earlier != null) {
                    faults.add(
                            place,
                            entry.key(),
                            "occurs twice in [%s], first in line %d"
                                    .formatted(section, earlier.place().line()));
                }
                open = entry;
                openIndent = indent;
            }
        }

        private void continueValue(Entry entry, String content) {
            String value = entry.value().isEmpty() ? content : entry.value() + "\n" + content;
            Entry longer = new Entry(entry.key(), value, entry.place());
            entries.replace(entry.key(), entry, longer);
            open = longer;
        }

        private void openSection(String name, Place place) {
            closeSection();
            section = name;
            sectionPlace = place;
            entries = new LinkedHashMap<>();
        }

        private void closeSection() {
            if (section == null) {
                return;
            }
            Part part = new Part(section, sectionPlace, new ArrayList<>(entries.values()));
            Part earlier = parts.putIfAbsent(section, part);
            if (earlier != null) {
                faults.add(
                        sectionPlace,
                        "[" + section + "]",
                        "occurs twice, first in line %d"
                                .formatted(earlier.place().line()));
            }
        }
    }

    /** What ini4j finds in one line. */
    private static final class Token implements IniHandler {

        private final IniParser parser = IniParser.newInstance(dialect());
        private String section = "";
        private @Nullable String key;
        private String value = "";

        private static Config dialect() {
            Config config = new Config();
            config.setEscape(false);
            config.setEscapeKeyOnly(false);
            config.setEscapeNewline(false);
            config.setInclude(false);
            config.setTree(false);
            config.setMultiOption(true);
            config.setMultiSection(true);
            config.setEmptySection(true);
            config.setEmptyOption(false);
            config.setGlobalSection(true); // an option's line is parsed without its header
            config.setUnnamedSection(false);
            config.setLowerCaseOption(false);
            config.setLowerCaseSection(false);
            config.setStrictOperator(false);
            config.setComment(false);
            config.setHeaderComment(false);
            return config;
        }

        /** Whether {@code line} is a header ({@link #key} is then null) or an option. */
        boolean read(String line) {
            key = null;
            section = "";
            value = "";
            try {
                parser.parse(new StringReader(line), this);
            } catch (InvalidFileFormatException e) {
                return false; // the caller says which line and why
            } catch (IOException e) {
                throw new AssertionError("a string cannot fail to be read", e);
            }
            return key == null ? !section.isBlank() : !key.isEmpty();
        }

        @Override
        public void startSection(String name) {
            section = name.strip();
        }

        @Override
        public void handleOption(String name, @Nullable String text) {
            key = name.strip();
            value = Optional.ofNullable(text).orElse("").strip();
        }

        @Override
        public void startIni() {}

        @Override
        public void endIni() {}

        @Override
        public void endSection() {}

        @Override
        public void handleComment(String comment) {}
    }
}
