package org.postbane.act;

import org.postbane.host.LibNftables;
import org.postbane.host.Nft;
import org.postbane.testing.Needs;

class NftActionLibraryTest extends NftActionContract {

    @Override
    Nft nft() {
        Needs.that(LibNftables.isPresent(), "libnftables.so.1 is not installed");
        return new LibNftables();
    }
}
