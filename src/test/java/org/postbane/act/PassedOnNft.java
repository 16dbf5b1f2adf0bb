package org.postbane.act;

import java.io.IOException;
import java.util.List;
import org.postbane.host.Nft;
import org.postbane.host.NftElement;

/** Passes all commands on; for tests that come between. */
abstract class PassedOnNft implements Nft {

    private final Nft nft;

    PassedOnNft(Nft nft) {
        this.nft = nft;
    }

    @Override
    public void run(String commands) throws IOException {
        nft.run(commands);
    }

    @Override
    public void change(String table, List<NftElement> gone, List<NftElement> there) throws IOException {
        nft.change(table, gone, there);
    }

    @Override
    public String list(String command) throws IOException {
        return nft.list(command);
    }

    @Override
    public String outline(String table, boolean counted) throws IOException {
        return nft.outline(table, counted);
    }

    @Override
    public void close() {
        nft.close();
    }
}
