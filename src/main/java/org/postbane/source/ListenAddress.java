package org.postbane.source;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;

/**
 * Where a syslog receiver listens: {@code udp://127.0.0.1:5514}, {@code tcp://[::1]:5514}, {@code unix:/run/postbane/log} (datagrams, as
 * {@code /dev/log}), {@code unix-stream:/run/postbane/log}. No names: nobody is asked what they mean.
 *
 * @param host null for the Unix kinds
 * @param path absolute; null for the others
 */
public record ListenAddress(
        Kind kind,
        @Nullable IpPrefix host,
        int port,
        @Nullable Path path) {

    /** How it is spoken to. */
    public enum Kind {
        UDP,
        TCP,
        UNIX,
        UNIX_STREAM;

        String scheme() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    private static final int MAX_PATH = 107; // sun_path without its zero

    public ListenAddress {
        boolean unix = kind == Kind.UNIX || kind == Kind.UNIX_STREAM;
        if (unix ? path == null || !path.isAbsolute() : host == null || !host.isSingle() || port < 1 || port > 65_535) {
            throw new IllegalArgumentException("no address to listen on");
        }
    }

    /** @throws IllegalArgumentException with what was expected */
    public static ListenAddress parse(String text) {
        for (Kind kind : Kind.values()) {
            String prefix = kind.scheme() + ":";
            if (text.startsWith(prefix)) {
                String rest = text.substring(prefix.length());
                ListenAddress address =
                        kind == Kind.UNIX || kind == Kind.UNIX_STREAM ? unix(kind, rest) : port(kind, rest);
                if (address != null) {
                    return address;
                }
            }
        }
        throw new IllegalArgumentException(
                "'%s' is no address to listen on; expected udp://127.0.0.1:5514, tcp://[::1]:5514, unix:/path or unix-stream:/path"
                        .formatted(text));
    }

    private static @Nullable ListenAddress unix(Kind kind, String path) {
        boolean fits = path.startsWith("/") && path.indexOf('\0') < 0 && path.length() <= MAX_PATH;
        return fits ? new ListenAddress(kind, null, 0, Path.of(path).normalize()) : null;
    }

    private static @Nullable ListenAddress port(Kind kind, String rest) {
        int colon = rest.lastIndexOf(':');
        String port = rest.substring(colon + 1);
        if (!rest.startsWith("//")
                || colon < 2
                || !port.matches("[1-9][0-9]{0,4}")
                || Integer.parseInt(port) > 65_535) {
            return null;
        }
        String host = rest.substring(2, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        IpPrefix address = IpPrefix.parse(bracketed ? host.substring(1, host.length() - 1) : host);
        boolean fits = address != null && address.isSingle() && address.isIpv4() != bracketed && host.indexOf('/') < 0;
        return fits ? new ListenAddress(kind, address, Integer.parseInt(port), null) : null;
    }

    /** Whether only this machine can send there. */
    public boolean isLocal() {
        return host == null || host.isLoopback();
    }

    @Override
    public String toString() {
        return host == null
                ? kind.scheme() + ":" + path
                : "%s://%s:%d".formatted(kind.scheme(), host.isIpv4() ? address() : "[" + address() + "]", port);
    }

    private String address() {
        String text = String.valueOf(host);
        int slash = text.indexOf('/');
        return slash < 0 ? text : text.substring(0, slash);
    }
}
