package org.postbane.parse;

import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;

/**
 * The other end of a connection as Postfix prints it: {@code name[address]} or {@code name[address]:port}. Only the
 * address is a fact: the name comes from the client's own reverse DNS.
 *
 * @param name {@code unknown} where the reverse look-up failed; empty where the program prints none
 * @param address null for {@code unknown[unknown]}
 * @param port 0 where the line has none
 */
public record Peer(String name, @Nullable IpPrefix address, int port) {

    /** Where the line does not tell who it is. */
    static final Peer NOBODY = new Peer("", null, 0);
}
