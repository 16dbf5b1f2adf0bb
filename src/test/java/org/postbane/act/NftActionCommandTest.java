package org.postbane.act;

import java.util.List;
import org.postbane.host.Nft;
import org.postbane.host.NftCommand;

class NftActionCommandTest extends NftActionContract {

    @Override
    Nft nft() {
        return new NftCommand(List.of("ip", "netns", "exec", namespace.name(), "nft"));
    }
}
