package org.postbane.act;

import org.postbane.host.LibNftables;
import org.postbane.host.Nft;
import org.postbane.testing.Needs;

class NftActionLibraryTest extends NftActionContract {

    @Override
    Nft nft() {
        Needs.installed(LibNftables.isPresent(), "libnftables.so.1", "libnftables1");
        return new LibNftables();
    }
}
