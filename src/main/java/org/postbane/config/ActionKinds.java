package org.postbane.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.postbane.act.ActionSettings;
import org.postbane.act.CommandSettings;
import org.postbane.act.Fail2banSettings;
import org.postbane.act.Feed;
import org.postbane.act.FileSettings;
import org.postbane.act.IpsetSettings;
import org.postbane.act.IptablesSettings;
import org.postbane.act.LogSettings;
import org.postbane.act.MapType;
import org.postbane.act.NftSettings;
import org.postbane.act.NftVerdict;
import org.postbane.act.PfSettings;
import org.postbane.act.PostfixMapSettings;
import org.postbane.act.ReportSettings;
import org.postbane.act.SpamdbSettings;
import org.postbane.act.SqlSettings;
import org.postbane.act.SubjectKind;
import org.postbane.host.DatabaseSettings;

/**
 * The kinds of action that are built in, each with its keys and what they are where nobody sets them; {@code actions/*.conf}
 * says the same in the same words.
 */
final class ActionKinds {

    private static final Map<String, Function<ActionKeys, ActionSettings>> KINDS = new TreeMap<>(Map.ofEntries(
            Map.entry("log", keys -> new LogSettings(keys.name())),
            Map.entry("nftables", ActionKinds::nftables),
            Map.entry("iptables", keys -> iptables(keys, keys.name())),
            Map.entry("ipset", ActionKinds::ipset),
            Map.entry("pf", ActionKinds::pf),
            Map.entry("spamdb", keys -> new SpamdbSettings(keys.name())),
            Map.entry("fail2ban", ActionKinds::fail2ban),
            Map.entry("postfix-map", ActionKinds::postfixMap),
            Map.entry("sql", ActionKinds::sql),
            Map.entry("file", ActionKinds::file),
            Map.entry("mail", ActionKinds::mail),
            Map.entry("abuse-report", ActionKinds::abuseReport),
            Map.entry("webhook", ActionKinds::webhook),
            Map.entry("command", ActionKinds::command)));

    private static final String PORTS = "25, 465, 587";

    private static final String SENDMAIL = "/usr/sbin/sendmail";

    private ActionKinds() {}

    /** The name of a kind, if it is one. */
    static String kind(String text) {
        if (!KINDS.containsKey(text)) {
            throw new IllegalArgumentException("'%s' is no built-in action; expected %s".formatted(text, expected()));
        }
        return text;
    }

    static String expected() {
        return String.join(" or ", new TreeSet<>(KINDS.keySet()));
    }

    /** What the keys say, or, with a fault noted, something else of that kind. */
    static ActionSettings read(String kind, ActionKeys keys) {
        return KINDS.getOrDefault(kind, k -> new LogSettings(k.name())).apply(keys);
    }

    private static NftSettings nftables(ActionKeys keys) {
        String table = keys.value("table", "postbane", NftSettings::table);
        NftSettings.Hook hook = keys.value("hook", "prerouting", NftSettings.Hook::parse);
        String priority = keys.value("priority", "raw", NftSettings::priority);
        List<Integer> ports = keys.value("ports", PORTS, NftSettings::ports);
        List<String> interfaces = keys.value("interfaces", "all", NftSettings::interfaces);
        NftVerdict verdict = keys.value("verdict", "drop", NftVerdict::parse);
        try {
            return new NftSettings(keys.name(), table, hook, priority, ports, interfaces, verdict);
        } catch (IllegalArgumentException e) {
            keys.fault("verdict", String.valueOf(e.getMessage()));
            return NftSettings.defaults(keys.name());
        }
    }

    private static IptablesSettings iptables(ActionKeys keys, String name) {
        String chain = keys.value("chain", "postbane", IptablesSettings::chain);
        NftSettings.Hook hook = keys.value("hook", "prerouting", NftSettings.Hook::parse);
        List<Integer> ports = keys.value("ports", PORTS, NftSettings::ports);
        NftSettings.Verdict verdict = keys.value("verdict", "drop", NftSettings.Verdict::parse);
        try {
            return new IptablesSettings(name, chain, hook, ports, verdict);
        } catch (IllegalArgumentException e) {
            keys.fault(ports.size() > 15 ? "ports" : "verdict", String.valueOf(e.getMessage()));
            return new IptablesSettings(name, chain, hook, List.of(25), NftSettings.Verdict.DROP);
        }
    }

    private static IpsetSettings ipset(ActionKeys keys) {
        String set = keys.value("set", "postbane", IpsetSettings::set);
        int most = keys.value("maxelements", "1000000", text -> {
            if (!text.matches("[0-9]{4,8}") || Integer.parseInt(text) < 1000 || Integer.parseInt(text) > 1 << 24) {
                throw new IllegalArgumentException("'%s' is no number from 1000 to 16777216".formatted(text));
            }
            return Integer.parseInt(text);
        });
        return new IpsetSettings(set, most, iptables(keys, keys.name()));
    }

    private static PfSettings pf(ActionKeys keys) {
        return new PfSettings(
                keys.name(),
                keys.value("anchor", "", text -> optional(text, PfSettings::anchor)),
                keys.value("table", "postbane", PfSettings::table),
                keys.value("kill", "false", Values::truth));
    }

    private static Fail2banSettings fail2ban(ActionKeys keys) {
        return new Fail2banSettings(
                keys.name(),
                keys.value("jail", "postbane", Fail2banSettings::jail),
                keys.value("socket", "", text -> optional(text, Values::absolutePath)));
    }

    private static PostfixMapSettings postfixMap(ActionKeys keys) {
        Path map = keys.value("map", "/var/lib/postbane/maps/client", Values::absolutePath);
        SubjectKind lookup = keys.value("lookup", "client", SubjectKind::parse);
        Optional<MapType> type = keys.value(
                "type",
                "default",
                text -> text.equals("default") ? Optional.empty() : Optional.of(MapType.parse(text)));
        if (lookup != SubjectKind.CLIENT && type.equals(Optional.of(MapType.CIDR))) {
            keys.fault("type", "a cidr map holds clients only");
            type = Optional.empty();
        }
        String text = keys.value("text", PostfixMapSettings.TEXT, PostfixMapSettings::text);
        boolean reload = keys.value("reload", "true", Values::truth);
        Duration pause = keys.value("reload.pause", "10s", Durations::parse);
        Optional<Path> instance = keys.value("instance", "", value -> optional(value, Values::absolutePath));
        return new PostfixMapSettings(keys.name(), map, lookup, type, text, reload, pause, instance);
    }

    private static FileSettings file(ActionKeys keys) {
        Path path = keys.value("path", "/var/lib/postbane/feeds/bans", Values::absolutePath);
        Feed.Format format = keys.value("format", "plain", Feed.Format::parse);
        Set<SubjectKind> takes = keys.value("takes", "client", SubjectKind::parseSome);
        Duration expires = keys.value("expires", "1h", text -> new Feed(format, Durations.parse(text)).expires());
        try {
            return new FileSettings(keys.name(), path, new Feed(format, expires), takes);
        } catch (IllegalArgumentException e) {
            keys.fault("takes", String.valueOf(e.getMessage()));
            return new FileSettings(keys.name(), path, new Feed(format, expires), Set.of(SubjectKind.CLIENT));
        }
    }

    private static ReportSettings mail(ActionKeys keys) {
        var digest = new ReportSettings.Digest(
                keys.value("sendmail", SENDMAIL, Values::absolutePath),
                keys.value("from", "postbane", ReportSettings::address),
                keys.value("to", "root", ReportSettings::address));
        return report(keys, digest, "1h");
    }

    private static ReportSettings abuseReport(ActionKeys keys) {
        var abuse = new ReportSettings.Abuse(
                keys.value("sendmail", SENDMAIL, Values::absolutePath),
                keys.value("from", "postmaster@localhost", ReportSettings::address),
                keys.value("to", "abuse", ReportSettings::address),
                keys.value("format", "arf", ReportSettings.Form::parse),
                keys.value("most", "20", text -> Values.number(text, 1, 1000)),
                keys.value("organization", "Mail server", text -> text));
        return report(keys, abuse, "10m");
    }

    private static ReportSettings webhook(ActionKeys keys) {
        var webhook = new ReportSettings.Webhook(
                keys.value("url", "http://127.0.0.1:8080/", ReportSettings::url),
                keys.value("secret", "", text -> text),
                keys.value("secret.file", "", text -> optional(text, Values::absolutePath)));
        return report(keys, webhook, "10s");
    }

    private static ReportSettings report(ActionKeys keys, ReportSettings.Way way, String every) {
        return new ReportSettings(
                keys.name(),
                way,
                keys.value("every", every, Durations::parse),
                keys.value("redact", "true", Values::truth));
    }

    private static SqlSettings sql(ActionKeys keys) {
        var database = new DatabaseSettings(
                keys.value("url", "jdbc:mariadb://localhost/postbane", DatabaseSettings::url),
                keys.value("user", "", text -> text),
                keys.value("password", "", text -> text),
                keys.value("password.file", "", text -> optional(text, Values::absolutePath)),
                keys.value("drivers", DatabaseSettings.DRIVERS, Values::paths));
        return new SqlSettings(
                keys.name(),
                database,
                keys.value("table", "postbane_bans", SqlSettings::table),
                keys.value("agent", "postbane", SqlSettings::agent));
    }

    private static CommandSettings command(ActionKeys keys) {
        List<String> ban = keys.value("ban", "/bin/true", text -> {
            List<String> words = CommandSettings.command(text);
            if (words.isEmpty()) {
                throw new IllegalArgumentException("missing: which program shall be called for a ban?");
            }
            return words;
        });
        List<String> unban = keys.value("unban", "", CommandSettings::command);
        List<String> reconcile = keys.value("reconcile", "", CommandSettings::command);
        boolean batches = keys.value("batches", "true", Values::truth);
        String line = keys.value("line", "<subject>", CommandSettings::tags);
        var takes = keys.value("takes", "client", SubjectKind::parseSome);
        Duration timeout = keys.value("timeout", "30s", Durations::parse);
        try {
            return new CommandSettings(keys.name(), ban, unban, reconcile, batches, line, takes, timeout);
        } catch (IllegalArgumentException e) {
            keys.fault("batches", String.valueOf(e.getMessage()));
            return new CommandSettings(
                    keys.name(), List.of("/bin/true"), List.of(), List.of(), batches, line, takes, timeout);
        }
    }

    private static <T> Optional<T> optional(String text, Function<String, T> reader) {
        return text.isEmpty() ? Optional.empty() : Optional.of(reader.apply(text));
    }
}
