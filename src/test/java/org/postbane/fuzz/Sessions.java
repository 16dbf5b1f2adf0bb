package org.postbane.fuzz;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A log of many sessions at once, as the software of two hosts writes it: Postfix with amavisd-new after and before the queue, spamd
 * after the queue and as a milter's, rspamd and other milters, a backup MX, postscreen, Dovecot's logins, Exim, Sendmail and OpenSMTPD.
 * Attackers connect from {@code 203.0.113.0/24} and write {@link HostileText} wherever the protocol lets them; the honest, from
 * {@code 198.51.100.0/24}, send good mail of which the attackers know queue ids and Message-IDs.
 *
 * <p>Each session's lines stay in their order; those of different sessions mix.
 */
final class Sessions {

    private static final Instant START = Instant.parse("2026-11-21T09:00:00Z");
    static final int SESSIONS = 60;
    private static final int FEW = 16;
    private static final int ATTACKS = 17;
    /** Process ids of one session: its number is theirs, divided by this. */
    static final int SPAN = 10;

    private final Random random;
    private final int most;
    private final List<Integer> kinds;
    private final HostileText hostile;
    private final List<String> queueIds = new ArrayList<>();
    private final List<String> eximIds = new ArrayList<>();
    private final List<String> messageIds = new ArrayList<>();
    private final List<String> all = new ArrayList<>();
    private List<String> lines = all;
    private String host = "";
    private int process = 1000;
    private int serial;

    private Sessions(Random random, int sessions, @Nullable Supplier<String> texts) {
        this.random = random;
        this.most = sessions;
        this.kinds = kinds();
        for (int i = 0; i < 8; i++) {
            queueIds.add(newQueueId());
            eximIds.add(newEximId());
            messageIds.add("<honest%d@y.example>".formatted(i));
        }
        this.hostile = new HostileText(random, texts, queueIds, eximIds, messageIds);
    }

    /** All kinds of attacks, or a few, which then meet more often. */
    private List<Integer> kinds() {
        List<Integer> all = new ArrayList<>(IntStream.range(0, ATTACKS).boxed().toList());
        Collections.shuffle(all, random);
        return random.nextBoolean() ? all : all.subList(0, 1 + random.nextInt(4));
    }

    /** The lines of a log that this seed stands for. */
    static List<String> of(long seed) {
        Sessions sessions = new Sessions(new Random(seed), SESSIONS, null);
        return sessions.lossy(sessions.log());
    }

    /** The same with the lines that were lost. */
    static List<String> whole(long seed) {
        return new Sessions(new Random(seed), SESSIONS, null).log();
    }

    /** A short log in which {@code texts} stand where senders write. */
    static List<String> of(long seed, Supplier<String> texts) {
        Sessions sessions = new Sessions(new Random(seed), FEW, texts);
        return sessions.lossy(sessions.log());
    }

    private List<String> log() {
        List<List<String>> sessions = new ArrayList<>();
        for (int i = 0; i < queueIds.size(); i++) {
            Runnable honest = honest(i);
            sessions.add(session(() -> served(honest)));
        }
        while (sessions.size() < most) {
            sessions.add(session(this::attack));
        }
        Collections.shuffle(sessions, random);
        List<String> log = new ArrayList<>();
        IdentityHashMap<List<String>, Long> begun = new IdentityHashMap<>();
        long millis = 0;
        while (!sessions.isEmpty()) {
            int turn = random.nextInt(Math.min(sessions.size(), 6));
            List<String> session = sessions.get(turn);
            millis += random.nextInt(40);
            String line = session.remove(0);
            if (line.contains(" (queue active)") || line.contains(": message-id=")) {
                begun.put(session, millis);
            }
            log.add(START.plusMillis(millis) + " " + timed(line, millis - begun.getOrDefault(session, millis)));
            if (session.isEmpty()) {
                sessions.remove(turn);
            }
        }
        return log;
    }

    /** With the time that the filter, or what ran it, can have taken by now. */
    private String timed(String line, long millis) {
        if (line.contains("]: spamd: result: ")) {
            double scan = Math.floor(millis * random.nextDouble() / 100) / 10;
            return line.replaceFirst(" scantime=0\\.6,", " scantime=%.1f,".formatted(scan));
        }
        if (line.contains(" postfix/pipe[")) {
            String ran = (millis < 1000 ? "%.2f" : "%.1f").formatted(millis / 1000.0);
            return line.replaceFirst(", delays=0/0/0/1,", ", delays=0/0/0/%s,".formatted(ran));
        }
        return line;
    }

    /**
     * What is left of the log: whatever loses lines loses any, but one of a session only, as what is left of a message may be another's if
     * two are lost; and it may end anywhere.
     */
    private List<String> lossy(List<String> log) {
        boolean loses = random.nextBoolean();
        int end = random.nextInt(4) == 0 ? random.nextInt(log.size()) : log.size();
        Set<Integer> losers = new HashSet<>();
        return log.subList(0, end).stream()
                .filter(line -> !loses || random.nextInt(50) > 0 || !losers.add(session(line)))
                .toList();
    }

    /** By the number of its process. */
    static int session(String line) {
        int bracket = line.indexOf('[');
        return Integer.parseInt(line.substring(bracket + 1, line.indexOf(']', bracket))) / SPAN;
    }

    private List<String> session(Runnable what) {
        lines = new ArrayList<>();
        boolean elsewhere = random.nextInt(8) == 0; // with processes of the same numbers as another's
        host = elsewhere ? "mx2" : "mx1";
        process += elsewhere ? 0 : SPAN;
        what.run();
        return lines;
    }

    /** By processes that have just served an attacker. */
    private void served(Runnable what) {
        if (random.nextInt(3) == 0) {
            attack();
        }
        what.run();
    }

    // ---------------------------------------------------------------- the honest

    private Runnable honest(int i) {
        String address = "198.51.100." + (i + 1);
        String id = queueIds.get(i);
        String mid = messageIds.get(i);
        return switch (i % 8) {
            case 0 -> () -> honestAmavis(address, id, mid);
            case 1 -> () -> honestSpamd(address, id, mid);
            case 2 -> () -> honestRspamd(address, id, mid);
            case 3 -> () -> honestProxy(address, id, mid);
            case 4 -> () -> honestSpamdByMilter(address, id, mid);
            case 5 -> () -> honestByRelay(address, id, mid);
            case 6 -> () -> honestToList(address, id, mid);
            default -> () -> honestExim(address, eximIds.get(i), mid);
        };
    }

    private void honestAmavis(String address, String id, String mid) {
        String out = newQueueId();
        postfix("smtpd", "connect from mail.y.example[%s]".formatted(address));
        postfix("smtpd", "%s: client=mail.y.example[%s]".formatted(id, address));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        postfix("qmgr", "%s: from=<good@y.example>, size=900, nrcpt=1 (queue active)".formatted(id));
        postfix(
                "smtpd",
                "%s: client=localhost[127.0.0.1], orig_queue_id=%s, orig_client=mail.y.example[%s]"
                        .formatted(out, id, address));
        amavis("CLEAN", address, "198.51.100.200", "good@y.example", "u1@example.org", id, mid, "-0.2", out);
        sentToAmavis(id, "u1@example.org", out);
        removed(id);
    }

    private void sentToAmavis(String id, String to, String queuedAs) {
        sent(
                "smtp",
                id,
                to,
                "127.0.0.1[127.0.0.1]:10024",
                "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as " + queuedAs);
    }

    private void sentToSpamd(String id, String to) {
        sent("pipe", id, to, "spamfilter", "delivered via spamfilter service");
    }

    private void sent(String agent, String id, String to, String relay, String reply) {
        postfix(
                agent,
                "%s: to=<%s>, relay=%s, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (%s)"
                        .formatted(id, to, relay, reply));
    }

    private void removed(String id) {
        postfix("qmgr", id + ": removed");
    }

    private void honestSpamd(String address, String id, String mid) {
        postfix("smtpd", "%s: client=mail.y.example[%s]".formatted(id, address));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        postfix("qmgr", "%s: from=<good@y.example>, size=900, nrcpt=1 (queue active)".formatted(id));
        spamd(".  0", mid, 920);
        sentToSpamd(id, "u1@example.org");
        removed(id);
    }

    private void honestSpamdByMilter(String address, String id, String mid) {
        postfix("smtpd", "%s: client=mail.y.example[%s]".formatted(id, address));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        spamd(".  0", mid, 920);
        postfix("qmgr", "%s: from=<good@y.example>, size=900, nrcpt=1 (queue active)".formatted(id));
        sent("virtual", id, "u1@example.org", "virtual", "delivered to maildir");
        removed(id);
    }

    /** To somebody who chose a hostile address; rspamd prints addresses unquoted. */
    private void honestRspamd(String address, String id, String mid) {
        String localPart = random.nextBoolean() ? "u1" : hostile.text();
        postfix("smtpd", "connect from mail.y.example[%s]".formatted(address));
        postfix("smtpd", "%s: client=mail.y.example[%s]".formatted(id, address));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        rspamd(id, address, "good@y.example", "F (no action): [0.10/15.00]", mid, localPart + "@x.example");
        postfix("qmgr", "%s: from=<good@y.example>, size=900, nrcpt=1 (queue active)".formatted(id));
        sent(
                "smtp",
                id,
                HostileText.quoted(localPart) + "@x.example",
                "mx.x.example[203.0.113.9]:25",
                "250 2.0.0 " + hostile.text());
        removed(id);
    }

    /** Through a filter before the queue. */
    private void honestProxy(String address, String id, String mid) {
        String peer = "mail.y.example[%s]".formatted(address);
        postfix("smtpd", "connect from " + peer);
        postfix("smtpd", "NOQUEUE: client=" + peer);
        line("postfix/smtpd", 1, "%s: client=localhost[127.0.0.1]".formatted(id));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        postfix("qmgr", "%s: from=<good@y.example>, size=900, nrcpt=1 (queue active)".formatted(id));
        amavisAlone(
                "Passed CLEAN {RelayedInbound}",
                address,
                "good@y.example",
                "<u1@example.org>",
                mid,
                "-0.2, queued_as: " + id);
        postfix(
                "smtpd",
                "proxy-accept: END-OF-MESSAGE: 250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as %s; from=<good@y.example> to=<u1@example.org> proto=ESMTP helo=<mail.y.example>"
                        .formatted(id));
        postfix("smtpd", "disconnect from %s ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5".formatted(peer));
        removed(id);
    }

    /** Handed on by a relay that is trusted to tell by XFORWARD whose it is. */
    private void honestByRelay(String address, String id, String mid) {
        postfix("smtpd", "connect from relay.example.org[10.9.0.2]");
        postfix(
                "smtpd",
                "%s: client=relay.example.org[10.9.0.2], orig_queue_id=ABCDEF0123, orig_client=mail.y.example[%s]"
                        .formatted(id, address));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        postfix("qmgr", "%s: from=<good@y.example>, size=900, nrcpt=1 (queue active)".formatted(id));
        postfix("smtpd", "disconnect from relay.example.org[10.9.0.2] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5");
        spamd(".  0", mid, 920);
        sentToSpamd(id, "u1@example.org");
        removed(id);
    }

    /** To an alias and to somebody besides, first deferred and then delivered. */
    private void honestToList(String address, String id, String mid) {
        String peer = "mail.y.example[%s]".formatted(address);
        postfix("smtpd", "connect from " + peer);
        postfix(
                "smtpd",
                "NOQUEUE: reject: RCPT from %s: 450 4.2.0 <list@example.org>: Recipient address rejected: Greylisted; from=<good@y.example> to=<list@example.org> proto=ESMTP helo=<mail.y.example>"
                        .formatted(peer));
        postfix("smtpd", "%s: client=%s".formatted(id, peer));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        postfix("qmgr", "%s: from=<good@y.example>, size=900, nrcpt=3 (queue active)".formatted(id));
        postfix("smtpd", "disconnect from %s ehlo=1 mail=2 rcpt=2/3 data=1 quit=1 commands=7/8".formatted(peer));
        sent("virtual", id, "u1@example.org>, orig_to=<list@example.org", "virtual", "delivered to maildir");
        sent("virtual", id, "u2@example.org>, orig_to=<list@example.org", "virtual", "delivered to maildir");
        postfix(
                "smtp",
                "%s: to=<s1@x.example>, relay=mx.x.example[203.0.113.9]:25, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (host mx.x.example[203.0.113.9] said: 450 %s)"
                        .formatted(id, hostile.text()));
        postfix("qmgr", "%s: from=<good@y.example>, size=900, nrcpt=3 (queue active)".formatted(id));
        sent("smtp", id, "s1@x.example", "mx.x.example[203.0.113.9]:25", "250 2.0.0 " + hostile.text());
        removed(id);
    }

    private void honestExim(String address, String id, String mid) {
        exim("%s <= good@y.example H=mail.y.example (mail.y.example) [%s] P=esmtp S=900 id=%s"
                .formatted(id, address, mid.substring(1, mid.length() - 1)));
        exim(id + " => u1 <u1@example.org> R=local T=mail_spool");
        exim(id + " Completed");
    }

    // ---------------------------------------------------------------- the others

    private void attack() {
        String address =
                random.nextInt(8) == 0 ? "2001:db8:bad::" + random.nextInt(9) : "203.0.113." + random.nextInt(256);
        switch (kinds.get(random.nextInt(kinds.size()))) {
            case 8 -> attackRspamd(address);
            case 9 -> attackMilter(address);
            case 10 -> attackProxy(address);
            case 11 -> attackDovecot(address);
            case 12 -> attackPostscreen(address);
            case 13 -> attackSpamdByMilter(address);
            case 14 -> attackSeveralTimes(address);
            case 15 -> attackAmavisThatDiscards(address);
            case 16 -> attackByRelay(address);
            case 0, 1 -> attackAmavis(address);
            case 2 -> attackSpamd(address);
            case 3 -> attackRefused(address);
            case 4, 5 -> attackExim(address);
            case 6 -> attackSendmail(address);
            default -> attackOpenSmtpd(address);
        }
    }

    private void attackAmavis(String address) {
        String id = newQueueId();
        String out = newQueueId();
        String name = hostile.hostName();
        String sender = hostile.address();
        String recipient = hostile.address();
        String mid = messageId();
        String login = random.nextInt(3) == 0 ? ", sasl_method=PLAIN, sasl_username=" + hostile.text() : "";
        postfix("smtpd", "connect from %s[%s]".formatted(name, address));
        postfix("smtpd", "%s: client=%s[%s]%s".formatted(id, name, address, login));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        postfix("qmgr", "%s: from=<%s>, size=900, nrcpt=1 (queue active)".formatted(id, sender));
        if (random.nextBoolean()) {
            postfix(
                    "smtpd",
                    "%s: client=localhost[127.0.0.1], orig_queue_id=%s, orig_client=%s[%s]"
                            .formatted(out, id, name, address));
            postfix("cleanup", "%s: message-id=%s".formatted(out, mid));
        }
        String word = hostile.pick(List.of("SPAM", "SPAMMY", "INFECTED", "CLEAN", "BAD-HEADER-7"));
        amavis(word, address, hostile.innocent(), sender, recipient, id, mid, "12.3", out);
        sentToAmavis(id, recipient, out);
        if (random.nextInt(3) == 0) { // the next hop's reply is the next hop's text
            postfix(
                    "smtp",
                    "%s: to=<%s>, relay=mx.x.example[%s]:25, delay=1, delays=0/0/0/1, dsn=5.0.0, status=bounced (host mx.x.example[%s] said: 550 %s)"
                            .formatted(out, recipient, address, address, hostile.text()));
        }
        removed(id);
    }

    private void attackSpamd(String address) {
        String id = newQueueId();
        String mid = messageId();
        String sender = hostile.address();
        postfix("smtpd", "%s: client=%s[%s]".formatted(id, hostile.hostName(), address));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        if (random.nextInt(4) == 0) {
            mid = messageId(); // spamd takes the last
            postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        }
        postfix("qmgr", "%s: from=<%s>, size=900, nrcpt=1 (queue active)".formatted(id, sender));
        spamd("Y 15", asSpamdPrints(mid), 930);
        sentToSpamd(id, hostile.address());
        removed(id);
    }

    /** {@code parse_msgids()} of spamd, which takes bytes for characters, and what its result line does to commas. */
    private static String asSpamdPrints(String mid) {
        String id = new String(mid.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        for (String before = ""; !before.equals(id); ) {
            before = id;
            id = id.replaceFirst("\\([^()]*\\)", "");
        }
        id = id.strip()
                .replaceAll("\\s+", " ")
                .replaceFirst("^.*?<(.*?)>.*$", "$1")
                .replaceAll("[^!-~]", "?")
                .replaceAll("[<>]", "?");
        return id.isEmpty() ? "(unknown)" : "<" + id.replace(',', '_').replace("\\", "\\\\") + ">";
    }

    private void attackSpamdByMilter(String address) {
        String id = newQueueId();
        String mid = messageId();
        String sender = hostile.address();
        String peer = "%s[%s]".formatted(hostile.hostName(), address);
        postfix("smtpd", "connect from " + peer);
        postfix("smtpd", "%s: client=%s".formatted(id, peer));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        spamd("Y 15", asSpamdPrints(mid), 930);
        if (random.nextBoolean()) {
            blockedBySpamAssassin(id, peer, sender);
        } else {
            postfix("qmgr", "%s: from=<%s>, size=900, nrcpt=1 (queue active)".formatted(id, sender));
            sent("virtual", id, hostile.address(), "virtual", "delivered to maildir");
            removed(id);
        }
        postfix("smtpd", "disconnect from %s ehlo=1 mail=1 rcpt=3 data=1 quit=1 commands=6".formatted(peer));
    }

    private void blockedBySpamAssassin(String id, String peer, String sender) {
        postfix(
                "cleanup",
                "%s: milter-reject: END-OF-MESSAGE from %s: 5.7.1 Blocked by SpamAssassin; from=<%s> to=<%s> proto=ESMTP helo=<%s>"
                        .formatted(id, peer, sender, hostile.address(), hostile.text()));
    }

    /** Several messages in one connection; the queue id of one that was refused is used again at once. */
    private void attackSeveralTimes(String address) {
        String peer = "%s[%s]".formatted(hostile.hostName(), address);
        String id = newQueueId();
        int accepted = 0;
        int messages = 2 + random.nextInt(3);
        postfix("smtpd", "connect from " + peer);
        for (int i = 0; i < messages; i++) {
            String mid = messageId();
            String sender = hostile.address();
            postfix("smtpd", "%s: client=%s".formatted(id, peer));
            postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
            spamd("Y 15", asSpamdPrints(mid), 930);
            if (random.nextBoolean()) {
                blockedBySpamAssassin(id, peer, sender);
                continue;
            }
            accepted++;
            postfix("qmgr", "%s: from=<%s>, size=900, nrcpt=2 (queue active)".formatted(id, sender));
            sent("virtual", id, hostile.address(), "virtual", "delivered to maildir");
            sent("virtual", id, "archive@example.org", "virtual", "delivered to maildir"); // always_bcc
            removed(id);
            id = newQueueId();
        }
        postfix(
                "smtpd",
                "disconnect from %s ehlo=1 mail=%d rcpt=%d data=%d/%d quit=1 commands=%d/%d"
                        .formatted(
                                peer,
                                messages,
                                messages + random.nextInt(9),
                                accepted,
                                messages,
                                3 * messages,
                                4 * messages));
    }

    /** amavis tries once more, and swallows it; with a long HELO it does not tell the queue id. */
    private void attackAmavisThatDiscards(String address) {
        String id = newQueueId();
        String sender = hostile.address();
        String recipient = hostile.address();
        String mid = messageId();
        String envelope = "[%s]:25 [%s] <%s> -> <%s>,<u2@example.org>, "
                .formatted(address, hostile.innocent(), sender, recipient);
        String queueId = random.nextBoolean() ? "Queue-ID: " + id + ", " : "";
        String rest = "%sMessage-ID: %s, mail_id: aB%dx, Hits: %s, size: 920, 87 ms";
        postfix("smtpd", "%s: client=%s[%s]".formatted(id, hostile.hostName(), address));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        postfix("qmgr", "%s: from=<%s>, size=900, nrcpt=2 (queue active)".formatted(id, sender));
        if (random.nextBoolean()) {
            amavisPrints("Blocked MTA-BLOCKED {TempFailedInbound}, " + envelope
                    + rest.formatted(queueId, mid, serial++, "-"));
        }
        amavisPrints("Blocked SPAM {DiscardedInbound,Quarantined}, " + envelope + "quarantine: N/spam-x.gz, "
                + rest.formatted(queueId, mid, serial++, "1000.3"));
        for (String to : List.of(recipient, "u2@example.org")) {
            sent(
                    "smtp",
                    id,
                    to,
                    "127.0.0.1[127.0.0.1]:10024",
                    "250 2.7.0 Ok, discarded, id=%05d-01 - spam".formatted(process));
        }
        removed(id);
    }

    private void attackByRelay(String address) {
        String id = newQueueId();
        String out = newQueueId();
        String sender = hostile.address();
        String recipient = hostile.address();
        String mid = messageId();
        postfix(
                "smtpd",
                "%s: client=relay.example.org[10.9.0.2], orig_queue_id=%s, orig_client=%s[%s]"
                        .formatted(id, newQueueId(), hostile.hostName(), address));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        postfix("qmgr", "%s: from=<%s>, size=900, nrcpt=1 (queue active)".formatted(id, sender));
        amavis("SPAM", address, hostile.innocent(), sender, recipient, id, mid, "12.3", out);
        sentToAmavis(id, recipient, out);
        removed(id);
    }

    private void attackRefused(String address) {
        String name = hostile.hostName();
        String peer = "%s[%s]".formatted(name, address);
        postfix("smtpd", "connect from " + peer);
        for (int i = random.nextInt(4); i >= 0; i--) {
            String recipient = random.nextBoolean() ? "t1@example.org" : hostile.address();
            postfix(
                    "smtpd",
                    hostile.pick(
                                    List.of(
                                            "NOQUEUE: reject: RCPT from %s: 550 5.1.1 <%s>: Recipient address rejected: %s; from=<%s> to=<%s> proto=ESMTP helo=<%s>",
                                            "NOQUEUE: reject: RCPT from %s: 450 4.2.0 <%s>: Recipient address rejected: Greylisted %s; from=<%s> to=<%s> proto=ESMTP helo=<%s>",
                                            "NOQUEUE: discard: RCPT from %s: <%s>: Recipient address triggers DISCARD %s; from=<%s> to=<%s> proto=ESMTP helo=<%s>",
                                            "NOQUEUE: reject: EHLO from %s: 504 5.5.2 <%s>: Helo command rejected: %s; from=<%s> to=<%s> proto=SMTP helo=<%s>"))
                            .formatted(peer, recipient, "no", hostile.address(), recipient, hostile.text()));
            postfix(
                    "smtpd",
                    "warning: %s: SASL LOGIN authentication failed: %s, sasl_username=%s"
                            .formatted(peer, "UGFzc3dvcmQ6", hostile.text()));
        }
        postfix("smtpd", "disconnect from %s ehlo=1 auth=0/1 quit=1 commands=2/3".formatted(peer));
    }

    private void attackRspamd(String address) {
        String id = newQueueId();
        String mid = messageId();
        String localPart = random.nextBoolean() ? "s" : hostile.text();
        String sender = HostileText.quoted(localPart) + "@x.example";
        String peer = "%s[%s]".formatted(hostile.hostName(), address);
        boolean rejected = random.nextBoolean();
        postfix("smtpd", "connect from " + peer);
        postfix("smtpd", "%s: client=%s".formatted(id, peer));
        postfix("cleanup", "%s: message-id=%s".formatted(id, mid));
        rspamd(
                id,
                address,
                localPart + "@x.example",
                rejected ? "S (reject): [15.00/15.00]" : "T (add header): [8.50/15.00]",
                mid,
                hostile.text() + "@example.org");
        if (rejected) {
            postfix(
                    "cleanup",
                    "%s: milter-reject: END-OF-MESSAGE from %s: 5.7.1 Spam message rejected; from=<%s> to=<%s> proto=ESMTP helo=<%s>"
                            .formatted(id, peer, sender, hostile.address(), hostile.text()));
            return;
        }
        postfix("qmgr", "%s: from=<%s>, size=900, nrcpt=1 (queue active)".formatted(id, sender));
        sent("virtual", id, hostile.address(), "virtual", "delivered to maildir");
        removed(id);
    }

    private void attackMilter(String address) {
        String id = newQueueId();
        String peer = "%s[%s]".formatted(hostile.hostName(), address);
        String rest = "from=<%s> to=<%s> proto=ESMTP helo=<%s>";
        String why = random.nextBoolean() ? "Spam" : hostile.text(); // an SPF explanation for instance
        postfix("smtpd", "connect from " + peer);
        postfix(
                "smtpd",
                ("NOQUEUE: milter-reject: %s from %s: 550 5.7.1 %s; " + rest)
                        .formatted(
                                hostile.pick(List.of("CONNECT", "RCPT", "MAIL")),
                                peer,
                                why,
                                hostile.address(),
                                hostile.address(),
                                hostile.text()));
        postfix("smtpd", "%s: client=%s".formatted(id, peer));
        postfix("cleanup", "%s: message-id=%s".formatted(id, messageId()));
        String said = hostile.pick(List.of(
                "milter-reject: END-OF-MESSAGE from %s: 5.7.1 %s; ",
                "milter-reject: END-OF-MESSAGE from %s: 4.7.1 %s; ",
                "milter-discard: END-OF-MESSAGE from %s: milter triggers DISCARD action %s; ",
                "milter-hold: END-OF-MESSAGE from %s: milter triggers HOLD action %s; "));
        postfix(
                "cleanup",
                (id + ": " + said + rest).formatted(peer, why, hostile.address(), hostile.address(), hostile.text()));
        postfix("smtpd", "disconnect from %s ehlo=1 mail=1 rcpt=5 data=0/1 quit=1 commands=4/5".formatted(peer));
    }

    private void attackProxy(String address) {
        String peer = "%s[%s]".formatted(hostile.hostName(), address);
        String sender = hostile.address();
        String recipient = hostile.address();
        postfix("smtpd", "connect from " + peer);
        postfix("smtpd", "NOQUEUE: client=" + peer);
        amavisAlone("Blocked SPAM {RejectedInbound}", address, sender, "<" + recipient + ">", messageId(), "12.3");
        postfix(
                "smtpd",
                "proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=%05d-01 - spam; from=<%s> to=<%s> proto=ESMTP helo=<%s>"
                        .formatted(process, sender, recipient, hostile.text()));
        postfix("smtpd", "disconnect from %s ehlo=1 mail=1 rcpt=2 data=0/1 quit=1 commands=4/5".formatted(peer));
    }

    private void attackDovecot(String address) {
        String user = hostile.text();
        line("dovecot", "auth: passwd-file(%s,%s,<x>): unknown user".formatted(user, address));
        line(
                "dovecot",
                "auth: plain(?,%s): Username character disallowed by auth_username_chars: 0x20 (username: %s)"
                        .formatted(address, user));
        line(
                "dovecot",
                "imap-login: Disconnected: Connection closed (auth failed, 2 attempts in 9 secs): user=<%s>, method=PLAIN, rip=%s, lip=10.9.0.1, session=<LL9nI8Zg9b7AAAJq>"
                        .formatted(user, address));
        line(
                "dovecot",
                "pop3-login: Login aborted: Logged out (no auth attempts in 0 secs) (no_auth_attempts): user=<%s>, rip=%s, lip=10.9.0.1, TLS"
                        .formatted(hostile.text(), address));
        line(
                "dovecot",
                "imap-login: Login: user=<%s>, method=PLAIN, rip=%s, lip=10.9.0.1, mpid=1, session=<x>"
                        .formatted(hostile.text(), address));
    }

    private void attackPostscreen(String address) {
        String peer = "[%s]:31175".formatted(address);
        postfix("postscreen", "CONNECT from %s to [10.9.0.1]:25".formatted(peer));
        postfix("postscreen", "PREGREET 26 after 0 from %s: %s".formatted(peer, hostile.text()));
        postfix("postscreen", "COMMAND PIPELINING from %s after EHLO: %s".formatted(peer, hostile.text()));
        postfix("postscreen", "NON-SMTP COMMAND from %s after CONNECT: %s".formatted(peer, hostile.text()));
        postfix(
                "postscreen",
                "NOQUEUE: reject: RCPT from %s: 550 5.7.1 Service unavailable; client [%s] blocked using bl.example; from=<%s>, to=<%s>, proto=ESMTP, helo=<%s>"
                        .formatted(peer, address, hostile.address(), hostile.address(), hostile.text()));
        postfix("postscreen", "DISCONNECT " + peer);
    }

    private void attackExim(String address) {
        String id = newEximId();
        String name = random.nextBoolean() ? hostile.hostName() + " " : "";
        // HELO may be anything where the administrator lets it
        String helo = random.nextBoolean() ? "x-192-0-2-1.example" : hostile.text();
        String port = random.nextBoolean() ? ":2525 I=[10.9.0.1]:25" : "";
        String host = "%s(%s) [%s]%s".formatted(name, helo, address, port);
        String sender = hostile.address();
        String prefix = random.nextBoolean() ? "[%d] ".formatted(process) : "";
        switch (random.nextInt(4)) {
            case 0 -> {
                String line = "%sH=%s F=<%s> rejected RCPT <%s>: %s"
                        .formatted(
                                prefix,
                                host,
                                sender,
                                random.nextBoolean() ? "t1@example.org" : hostile.address(),
                                "no");
                exim(line);
                exim(line);
            }
            case 1 ->
                exim("%slogin_server authenticator failed for %s: 535 Incorrect authentication data (set_id=%s)"
                        .formatted(prefix, host, hostile.text()));
            case 2 -> {
                exim("%s%s H=%s F=<%s> rejected after DATA: spam".formatted(prefix, id, host, sender));
                exim("[1\\6] %s%s H=%s F=<%s> rejected after DATA: spam".formatted(prefix, id, host, sender));
                exim("[2\\6] Envelope-from: <%s>".formatted(sender));
                exim("[3\\6] Envelope-to: <u1@example.org>");
                exim("[4\\6] P Received: from x");
                exim("[5\\6]   Subject: " + hostile.text());
                exim("[6/6]     <t1@example.org>" + hostile.text());
            }
            default -> {
                exim("%s%s H=%s Warning: spam detected score=7.1".formatted(prefix, id, host));
                exim("%s%s <= %s H=%s P=esmtp S=900 id=%s T=\"%s\" from <%s> for u1@example.org"
                        .formatted(
                                prefix,
                                id,
                                sender,
                                host,
                                hostile.address(),
                                hostile.text().replace("\\", "\\\\").replace("\"", "\\\""),
                                sender));
                exim("%s%s => u1 <u1@example.org> F=<%s> R=local T=null".formatted(prefix, id, sender));
                exim("%s%s ** %s F=<%s> R=remote T=remote_smtp H=mx.x.example [%s]: 550 %s"
                        .formatted(prefix, id, hostile.address(), sender, address, hostile.text()));
                exim(prefix + id + " Completed");
            }
        }
    }

    private void attackSendmail(String address) {
        String id = newSendmailId();
        String peer = "mail.x.example [%s]%s"
                .formatted(
                        address.indexOf(':') < 0 ? address : "IPv6:" + address,
                        random.nextBoolean() ? " (may be forged)" : "");
        line(
                "sm-mta",
                "%s: ruleset=check_rcpt, arg1=<%s>, relay=%s, reject=550 5.7.1 <%s>... Relaying denied"
                        .formatted(id, hostile.address(), peer, hostile.text()));
        line(
                "sm-mta",
                "%s: AUTH failure (LOGIN): authentication failure (-13) %s, relay=%s"
                        .formatted(id, hostile.text(), peer));
        line(
                "sm-mta",
                "%s: from=<%s>, size=900, class=0, nrcpts=1, msgid=%s, proto=ESMTP, daemon=MTA-v4, relay=%s"
                        .formatted(id, hostile.address(), messageId(), peer));
        line(
                "sm-mta",
                hostile.pick(List.of(
                        id + ": Milter: data, reject=554 5.7.1 spam", id + ": Milter add: header: X-Spam-Flag: YES")));
        line(
                "sm-mta",
                "%s: to=<%s>, delay=00:00:01, xdelay=00:00:00, mailer=local, pri=61234, dsn=2.0.0, stat=Sent (%s)"
                        .formatted(id, hostile.address(), hostile.text()));
    }

    private void attackOpenSmtpd(String address) {
        String session = "%016x".formatted(random.nextLong());
        String msgid = "%08x".formatted(random.nextInt());
        line(
                "smtpd",
                "%s smtp connected address=%s host=%s"
                        .formatted(session, address.indexOf(':') < 0 ? address : "[" + address + "]", hostile.word()));
        line("smtpd", "%s smtp authentication user=%s result=permfail".formatted(session, hostile.text()));
        line(
                "smtpd",
                "%s smtp failed-command command=\"RCPT TO:<%s>\" result=\"550 Invalid recipient: <%s>\""
                        .formatted(session, hostile.address(), hostile.text()));
        line(
                "smtpd",
                "%s smtp failed-command command=\"DATA\" result=\"550 5.7.1 Spam message rejected\""
                        .formatted(session));
        line("smtpd", "%s smtp message msgid=%s size=900 nrcpt=1 proto=ESMTP".formatted(session, msgid));
        line(
                "smtpd",
                "%s mda delivery evpid=%s00000001 from=<%s> to=<%s> rcpt=<%s> user=u delay=1s result=Ok stat=Delivered"
                        .formatted(session, msgid, hostile.address(), hostile.address(), hostile.address()));
        line("smtpd", session + " smtp disconnected reason=quit");
    }

    // ---------------------------------------------------------------- lines

    private String messageId() {
        return switch (random.nextInt(3)) {
            case 0 -> hostile.pick(messageIds);
            case 1 -> "<" + serial++ + "@x.example>";
            default -> hostile.text();
        };
    }

    private void amavis(
            String word,
            String client,
            String lie,
            String sender,
            String recipient,
            String id,
            String mid,
            String hits,
            String out) {
        String body =
                "Passed %s {RelayedTaggedInbound}, [%s]:25 [%s] <%s> -> <%s>, Queue-ID: %s, Message-ID: %s, mail_id: aB%dx, Hits: %s, size: 920, queued_as: %s, 87 ms"
                        .formatted(word, client, lie, sender, recipient, id, mid, serial++, hits, out);
        amavisPrints(body);
    }

    /** In parts, if it is long. */
    private void amavisPrints(String text) {
        String start = "(%05d-01) ".formatted(process);
        String body = start + text;
        int room = 980;
        if (body.length() <= room) {
            line("amavis", body);
            return;
        }
        line("amavis", body.substring(0, room) + "...");
        for (int at = room; at < body.length(); at += room) {
            int end = Math.min(body.length(), at + room);
            line("amavis", start + "..." + body.substring(at, end) + (end < body.length() ? "..." : ""));
        }
    }

    /** Of a filter before the queue, which knows no queue id. */
    private void amavisAlone(String what, String client, String sender, String recipients, String mid, String hits) {
        line(
                "amavis",
                "(%05d-01) %s, [%s]:25 [%s] <%s> -> %s, Message-ID: %s, mail_id: aB%dx, Hits: %s, size: 920, 87 ms"
                        .formatted(process, what, client, hostile.innocent(), sender, recipients, mid, serial++, hits));
    }

    /** @param sender unquoted, as rspamd prints it; and so is the recipient */
    private void rspamd(String id, String address, String sender, String result, String mid, String recipient) {
        String bare = mid.replaceAll("^<|>$", "").replaceAll("[^!-~]", "?");
        line(
                "rspamd",
                "<%06x>; proxy; rspamd_task_write_log: id: <%s>, qid: <%s>, ip: %s, from: <%s>, (default: %s [GTUBE(0.00){}]), len: 920, time: 46.701ms, dns req: 0, digest: <e4e057ff20b4ea879164c09baabad5dd>, rcpts: <%s>, mime_rcpts: <%s>"
                        .formatted(
                                random.nextInt(1 << 24), bare, id, address, sender, result, recipient, hostile.text()));
    }

    private void spamd(String result, String mid, int size) {
        line(
                "spamd",
                "spamd: result: %s - GTUBE scantime=0.6,size=%d,user=u,uid=108,required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=42666,mid=%s,autolearn=disabled"
                        .formatted(result, size, mid));
    }

    private void postfix(String service, String body) {
        line("postfix/" + service, body);
    }

    private void exim(String body) {
        line("exim", body);
    }

    private void line(String program, String body) {
        line(program, program.length() % SPAN, body);
    }

    private void line(String program, int which, String body) {
        lines.add("%s %s[%d]: %s".formatted(host, program, process + which, body));
    }

    private String newQueueId() {
        return "%011X".formatted(0x30000000000L + random.nextInt(Integer.MAX_VALUE));
    }

    private String newEximId() {
        return "1x%s-0000%s-2J".formatted(digits(4), digits(2));
    }

    private String newSendmailId() {
        return "3ALA%s".formatted(digits(10));
    }

    private String digits(int count) {
        StringBuilder text = new StringBuilder();
        while (text.length() < count) {
            text.append(Integer.toString(random.nextInt(36), 36));
        }
        return text.toString();
    }
}
