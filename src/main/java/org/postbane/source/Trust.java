package org.postbane.source;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postbane.host.Accounts;

/**
 * Who may log under which program's name. Any local user can write {@code postfix/smtpd: ...} into the journal or into a
 * socket, but not under another user's number, which the kernel notes.
 *
 * <p>Rules are lines {@code PROGRAM...: user=NAME,... unit=NAME,... comm=NAME,...}; programs and units may hold {@code *}.
 * The first rule that is for a program decides, with those that name the same programs word by word: one of these must
 * admit the line, and of the conditions that a rule has, all must hold. Rules of the configuration come before the standard ones.
 * A program without a rule is trusted in nobody's hands.
 *
 * <ul>
 *   <li>{@code user}: {@code _UID}, by name or number. Users that this system does not have are passed over in {@link
 *       #STANDARD}, and are a fault elsewhere. This is the condition that holds.
 *   <li>{@code unit}: {@code _SYSTEMD_UNIT}. Not enough for units that run programs of users, such as Postfix with
 *       {@code .forward} files.
 *   <li>{@code comm}: {@code _COMM}, which every process chooses for itself: against mistakes, not against malice. {@code
 *       program} stands for the last part of the program's name. A process that was gone before journald looked has none;
 *       that is let pass.
 * </ul>
 *
 * <p>Immutable.
 */
public final class Trust {

    /**
     * Postfix drops root's rights in most of its services, but not in local and pipe. spamd may become the user whose mail it
     * looks at, and is then known by its unit; it runs nothing of his. Dovecot and Exim log as root, or as themselves.
     */
    static final String STANDARD = """
            amavis amavisd */amavis */amavisd: user=root,amavis,vscan,_vscan
            spamd */spamd: user=root,debian-spamd,spamd,spamfilter
            spamd */spamd: unit=spamassassin.service,spamd.service,spamassassin-spamd.service
            rspamd */rspamd: user=root,_rspamd,rspamd
            dovecot dovecot*: user=root,dovecot,dovenull,vmail
            exim exim4: user=root,Debian-exim,exim,mail,mailnull
            sendmail sm-mta sm-msp-queue: user=root,smmta,smmsp
            smtpd: user=root,_smtpd,smtpd,opensmtpd,opensmtpq
            clamav-milter clamsmtpd: user=root,clamav,clamilt,clamsmtp
            */*: user=root,postfix comm=program
            """;

    private static final String PROGRAM = "program";
    private static final int MAX_COMM = 15; // TASK_COMM_LEN without its zero

    /** Null conditions are none. */
    private record Rule(
            String words,
            List<Pattern> programs,
            @Nullable Set<Long> users,
            @Nullable List<Pattern> units,
            List<String> unitNames,
            @Nullable Set<String> comms) {

        boolean isFor(String program) {
            return any(programs, program);
        }

        boolean admits(String program, long uid, @Nullable String comm, @Nullable String unit) {
            return (users == null || users.contains(uid))
                    && (units == null || unit != null && any(units, unit))
                    && (comms == null
                            || comm == null
                            || comms.contains(comm)
                            || comms.contains(PROGRAM) && comm.equals(last(program)));
        }

        private static boolean any(List<Pattern> patterns, String text) {
            for (Pattern pattern : patterns) {
                if (pattern.matcher(text).matches()) {
                    return true;
                }
            }
            return false;
        }

        private static String last(String program) {
            String last = program.substring(program.lastIndexOf('/') + 1);
            return last.length() > MAX_COMM ? last.substring(0, MAX_COMM) : last;
        }
    }

    private final List<Rule> own;
    private final List<Rule> standard;

    private Trust(List<Rule> own, List<Rule> standard) {
        this.own = own;
        this.standard = standard;
    }

    /** What is trusted on this system without a word in the configuration. */
    public static Trust standard() {
        return of("", Accounts.read());
    }

    /**
     * The standard rules, and those in {@code text}, one on each line, before them.
     *
     * @throws IllegalArgumentException if a line is no rule, or names a user that does not exist
     */
    public static Trust of(String text) {
        return of(text, Accounts.read());
    }

    static Trust of(String text, Accounts accounts) {
        return new Trust(rules(text, accounts, false), rules(STANDARD, accounts, true));
    }

    private static List<Rule> rules(String text, Accounts accounts, boolean lenient) {
        return text.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .map(line -> rule(line, accounts, lenient))
                .toList();
    }

    private static Rule rule(String line, Accounts accounts, boolean lenient) {
        int colon = line.indexOf(": ");
        if (colon <= 0) {
            throw new IllegalArgumentException(
                    "'%s' is no rule; expected e.g. postfix/*: user=root,postfix".formatted(line));
        }
        Map<String, List<String>> conditions = new LinkedHashMap<>();
        for (String word : words(line.substring(colon + 1), "\\s+")) {
            int equals = word.indexOf('=');
            String key = equals < 0 ? word : word.substring(0, equals);
            List<String> values = words(word.substring(equals + 1), ",");
            if (equals < 0 || !Set.of("user", "unit", "comm").contains(key) || values.isEmpty()) {
                throw new IllegalArgumentException(
                        "'%s' is no condition; expected user=..., unit=... or comm=...".formatted(word));
            }
            conditions.put(key, values);
        }
        if (!conditions.containsKey("user") && !conditions.containsKey("unit")) {
            throw new IllegalArgumentException(
                    "'%s' would trust everybody; it needs user=... or unit=...".formatted(line));
        }
        List<String> users = conditions.get("user");
        List<String> units = conditions.get("unit");
        List<String> comms = conditions.get("comm");
        return new Rule(
                String.join(" ", words(line.substring(0, colon), "[\\s,]+")),
                patterns(words(line.substring(0, colon), "[\\s,]+")),
                users == null ? null : numbers(users, accounts, lenient),
                units == null ? null : patterns(units),
                units == null ? List.of() : units,
                comms == null ? null : Set.copyOf(comms));
    }

    private static List<String> words(String text, String separator) {
        return Pattern.compile(separator)
                .splitAsStream(text)
                .filter(word -> !word.isEmpty())
                .toList();
    }

    private static Set<Long> numbers(List<String> users, Accounts accounts, boolean lenient) {
        Set<Long> numbers = new HashSet<>();
        for (String user : users) {
            OptionalLong number = accounts.number(user);
            if (number.isPresent()) {
                numbers.add(number.getAsLong());
            } else if (!lenient) {
                throw new IllegalArgumentException(
                        "there is no user '%s' in /etc/passwd; expected a name of this system, or a number"
                                .formatted(user));
            }
        }
        return numbers;
    }

    private static List<Pattern> patterns(List<String> globs) {
        return globs.stream()
                .map(glob -> Pattern.compile("\\Q" + glob.replace("\\E", "").replace("*", "\\E.*\\Q") + "\\E"))
                .toList();
    }

    /**
     * Whether a line is what it says it is.
     *
     * @param program under whose name it was logged
     * @param uid of the process, from the kernel; -1 if not known
     * @param comm null if not known
     * @param unit null if not known
     */
    public boolean trusts(String program, long uid, @Nullable String comm, @Nullable String unit) {
        for (List<Rule> rules : List.of(own, standard)) {
            String words = null; // of the first rule that is for it; others with the same words are alternatives
            for (Rule rule : rules) {
                if (words == null ? rule.isFor(program) : rule.words().equals(words)) {
                    words = rule.words();
                    if (rule.admits(program, uid, comm, unit)) {
                        return true;
                    }
                }
            }
            if (words != null) {
                return false;
            }
        }
        return false;
    }

    /**
     * What the journal can sift by itself: groups as {@link org.postbane.host.JournalPlace} has them, which let everything
     * through that is trusted, and more. None if that cannot be said.
     */
    List<List<String>> matches() {
        Set<String> users = new TreeSet<>();
        List<List<String>> groups = new ArrayList<>();
        List<Rule> rules = new ArrayList<>(own);
        rules.addAll(standard);
        for (Rule rule : rules) {
            if (rule.users() != null) {
                rule.users().forEach(user -> users.add("_UID=" + user));
            } else if (rule.unitNames().stream().anyMatch(unit -> unit.contains("*"))) {
                return List.of();
            } else {
                groups.add(rule.unitNames().stream()
                        .map(unit -> "_SYSTEMD_UNIT=" + unit)
                        .toList());
            }
        }
        if (!users.isEmpty()) {
            groups.add(List.copyOf(users));
        }
        return groups;
    }
}
