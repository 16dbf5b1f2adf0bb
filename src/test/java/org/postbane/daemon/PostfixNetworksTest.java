package org.postbane.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class PostfixNetworksTest {

    @Test
    void parse_networksAmongOtherWords_takesTheNetworks() {
        String answer =
                "127.0.0.0/8, 192.0.2.1 [::1]/128\n [2001:db8::]/32 !192.0.2.7 hash:/etc/postfix/n, /etc/networks x\n";

        List<String> networks =
                PostfixNetworks.parse(answer).stream().map(Object::toString).toList();

        assertEquals(List.of("127.0.0.0/8", "192.0.2.1", "::1", "2001:db8::/32"), networks);
    }
}
