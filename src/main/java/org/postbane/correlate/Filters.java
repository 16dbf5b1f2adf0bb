package org.postbane.correlate;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.QueueId;
import org.postbane.parse.LogEvent;

/**
 * What filters make of messages, which they are handed and hand in again: which output is of which message, and on which message a
 * verdict is that names the output, or the filter's own id.
 *
 * <p>Any next hop writes what it likes into its reply, so that this is believed of our own hosts only, or where nothing else is said
 * by it than is known already: who the client is.
 */
final class Filters {

    /** RFC 1918, RFC 4193, RFC 6598. */
    private static final List<IpPrefix> PRIVATE = Stream.of(
                    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
            .map(network -> Objects.requireNonNull(IpPrefix.parse(network)))
            .toList();

    /** Before amavis's id of a message that is not known by its queue id. */
    private static final String OF_UNKNOWN = "unknown ";

    private final Messages messages;
    private final Sayings sayings;
    private final OpenMessages open;
    private final Strays strays;
    private final Announced announced;

    Filters(Messages messages, Sayings sayings) {
        this.messages = messages;
        this.sayings = sayings;
        open = messages.open;
        strays = messages.strays;
        announced = messages.announced;
    }

    /** A message begins, of which something may have been said before: by itself, or by whoever was handed another. */
    void handedIn(Mail mail, LogEvent.Client event) {
        Mail source = event.origQueueId() == null ? null : open.find(event.origQueueId());
        if (source != null && source != mail && mail.parent == null && isSameClient(source, mail.client)) {
            link(mail, source);
        }
        Announced.Said said = announced.isEmpty() ? null : announced.find(mail.id.toString(), event.at());
        if (said != null && said.hop() != null) {
            linkBack(mail, said.source(), said.hop());
        }
    }

    /** The next hop has answered to this message. */
    void answered(Mail mail, LogEvent.Delivery event) {
        if (event.queuedAs() != null) {
            cameBackAs(mail, event.queuedAs(), event.relay(), event.at());
        }
        String filterId = event.filterId();
        Pending verdict = filterId == null ? null : strays.find(filterId);
        if (filterId != null && verdict != null && isFiltersReply(mail, verdict, hop(event.relay()))) {
            strays.take(filterId);
            messages.touch(mail.root());
            mail.root().pending.add(verdict);
            sayings.pending(mail);
        } else if (filterId != null && verdict == null && !mail.root().isJudged()) {
            judgedAs(mail, filterId, hop(event.relay()), event.at());
        }
    }

    private static boolean isSameClient(Mail mail, @Nullable IpPrefix client) {
        IpPrefix known = mail.root().client;
        return known == null || known.equals(client) || client == null || client.isLoopback();
    }

    /** {@code output} is what the filter made of {@code input}. */
    void link(Mail output, Mail input) {
        Mail root = input.root();
        if (root == output) {
            return;
        }
        messages.touch(output);
        messages.touch(root);
        output.awaitsLink = false;
        output.parent = root;
        root.children++;
        for (Pending verdict : output.pending) {
            if (verdict.isOfChecks()) {
                root.checked = verdict;
            } else {
                root.pending.add(verdict);
            }
        }
        output.pending.clear();
        if (output.pendingTrap != null && output.pendingTrapNamed && root.pendingTrap == null) {
            root.pendingTrap = output.pendingTrap;
            root.pendingTrapNamed = true;
        }
        if (root.client == null && output.isAnswerable()) {
            root.client = output.client; // the lines of the first pass are lost; XFORWARD still tells
        }
        sayings.pending(root);
    }

    /** The verdict with this id may have come before, on a message that is not known by the id that it names: a relay's. */
    private void judgedAs(Mail mail, String filterId, @Nullable IpPrefix hop, Instant at) {
        Announced.Said said = announced.find(OF_UNKNOWN + filterId, at);
        Mail named = said == null ? null : said.source();
        if (named != null
                && named != mail
                && named.peer == null
                && !named.pending.isEmpty()
                && isFiltersReply(mail, named.pending.get(0), hop)) {
            link(named, mail);
        } else {
            announceVerdict(filterId, mail, hop, at);
        }
    }

    /** A stranger's reply with that id does not take the place of the filter's. */
    private void announceVerdict(String filterId, Mail mail, @Nullable IpPrefix hop, Instant at) {
        if (hop == null || isOurs(hop) || announced.find(filterId, at) == null) {
            announced.add(filterId, new Announced.Said(mail, hop, at));
        }
    }

    private void cameBackAs(Mail mail, QueueId id, String relay, Instant at) {
        IpPrefix hop = hop(relay);
        Mail output = open.find(id);
        if (hop != null && isOurs(hop) && (output == null || output.peer == null)) {
            announced.add(id.toString(), new Announced.Said(mail, hop, at));
        } else if (hop != null && output != null) {
            linkBack(output, mail, hop);
        }
    }

    private void linkBack(Mail output, Mail mail, IpPrefix hop) {
        if (output != mail
                && output.parent == null
                && output.peer != null
                && isFilter(hop, output.peer)
                && isSameClient(mail, output.client, hop)) {
            link(output, mail);
        }
    }

    /** Whether what was handed on to {@code hop} may have come back from {@code peer}. */
    private static boolean isFilter(IpPrefix hop, IpPrefix peer) {
        return hop.equals(peer) || hop.isLoopback() && peer.isLoopback();
    }

    /**
     * Any next hop can say that it queued a message under the id of another of its own: strangers are on no private network, and nobody
     * believes what they tell by XFORWARD.
     */
    private static boolean isSameClient(Mail mail, @Nullable IpPrefix client, IpPrefix hop) {
        IpPrefix known = mail.root().client;
        return isOurs(hop)
                ? isSameClient(mail, client) || hop.equals(client) // a filter that is not told by XFORWARD
                : known != null && known.equals(client) && !hop.equals(client);
    }

    private static boolean isOurs(IpPrefix hop) {
        return hop.isLoopback() || PRIVATE.stream().anyMatch(net -> net.contains(hop));
    }

    /**
     * Whether the reply with amavis's id is amavis's: any next hop can write one, and what it pleases; but strangers are neither behind a
     * Unix socket nor on a private network.
     */
    private static boolean isFiltersReply(Mail mail, Pending verdict, @Nullable IpPrefix hop) {
        IpPrefix client = verdict.client();
        boolean named =
                client != null && !client.isLoopback() && isOf(mail.root(), client) && mail.root().client != null;
        boolean sameSender = verdict.sender() == null
                || mail.sender == null
                || Mail.letters(verdict.sender()).equals(Mail.letters(mail.sender));
        boolean ours = hop == null || isOurs(hop);
        return named && sameSender || ours && isOf(mail.root(), client);
    }

    /** The address of {@code host[address]:port}. */
    private static @Nullable IpPrefix hop(String relay) {
        int bracket = relay.indexOf('[');
        int close = bracket < 0 ? -1 : relay.indexOf(']', bracket);
        return close < 0 ? null : IpPrefix.parse(relay.substring(bracket + 1, close));
    }

    /** A verdict of amavis's that names no queue id: of what it did not pass on. */
    void verdict(String filterId, Pending verdict) {
        Announced.Said said = announced.find(filterId, verdict.at());
        if (said != null && isFiltersReply(said.source(), verdict, said.hop())) {
            messages.apply(said.source().root(), verdict);
            return;
        }
        Mail refused = strays.verdict(filterId, verdict);
        if (refused != null) {
            applyToRefused(refused, verdict);
            strays.told(refused);
        }
    }

    /**
     * A verdict on a message whose lines are lost, or come later; or the id is that of a relay that handed it in and told by XFORWARD. Then
     * amavis's reply tells which one it is, as amavis did not pass it on.
     */
    void onUnknown(QueueId id, @Nullable String filterId, Pending verdict) {
        Announced.Said said = filterId == null ? null : announced.find(filterId, verdict.at());
        if (said != null && isFiltersReply(said.source(), verdict, said.hop())) {
            messages.apply(said.source().root(), verdict);
            return;
        }
        Mail mail = messages.start(id, verdict.at());
        messages.apply(mail, verdict);
        if (filterId != null) {
            announced.add(OF_UNKNOWN + filterId, new Announced.Said(mail, null, verdict.at()));
        }
    }

    /** Whether the message may be of this client, as the filter was told of it. */
    static boolean isOf(Mail root, @Nullable IpPrefix client) {
        return client == null
                || client.isLoopback()
                || root.peer == null
                || client.equals(root.client)
                || client.equals(root.peer);
    }

    /** Whether no open message can be the one that this was made of: a filter before the queue, which told the client. */
    private boolean isOnlyPass(Mail output) {
        String key = output.messageId == null || !output.isForAnother() ? null : output.messageIdKey();
        if (key == null || key.equals(MessageIds.NONE)) {
            return false;
        }
        for (Mail mail = open.withMessageId(key); mail != null; mail = mail.nextOfMessageId) {
            boolean other = mail != output && mail.parent == null && (mail.peer == null || !mail.peer.isLoopback());
            if (other && isOf(mail, output.client)) {
                return false;
            }
        }
        return true;
    }

    /** A verdict names what the filter made of a message: it counts when it is known of which. */
    void output(QueueId id, Pending verdict) {
        Mail known = open.find(id);
        Mail output = known == null ? messages.start(id, verdict.at()) : known;
        if (output.parent != null || isOnlyPass(output)) {
            messages.apply(output.root(), verdict);
            return;
        }
        messages.awaitLink(output, verdict);
    }

    /** amavis's verdict on a message that smtpd refused for it, with all recipients as the client named them. */
    void applyToRefused(Mail mail, Pending verdict) {
        mail.listed = verdict.recipients();
        mail.told = verdict.recipients().size();
        messages.apply(mail, verdict);
    }
}
