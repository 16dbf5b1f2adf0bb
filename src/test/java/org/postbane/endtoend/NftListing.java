package org.postbane.endtoend;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What {@code nft -j list table} prints. */
final class NftListing {

    private NftListing() {}

    /** What is left of each ban, in seconds, by address, of all sets. */
    static Map<String, Integer> read(Object listing) {
        Map<String, Integer> left = new TreeMap<>();
        for (Object item : Json.list(listing, "nftables")) {
            if (item instanceof Map<?, ?> entry
                    && entry.get("set") instanceof Map<?, ?> set
                    && set.get("elem") instanceof List<?> elements) {
                for (Object element : elements) {
                    left.put(Json.at(element, "elem", "val").toString(), (Integer) Json.at(element, "elem", "expires"));
                }
            }
        }
        return left;
    }
}
