package org.postbane.source;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * How a {@link FileTail} that has several files open at once, the rotated and the current one, writes that down as one
 * {@link Position}, which a batch can save at one stroke. The offset is that of the current file; the identity names the
 * older ones behind it: {@code NEWEST after OLDER@OFFSET after OLDEST@OFFSET}, each of them as inode, head and tail: {@code
 * (dev=fd01,ino=4711)~512:1a2b3c4d~512:5e6f7081}.
 */
final class TailPosition {

    /** No file has been seen yet: whatever comes is to be read from its start. */
    static final Position NOTHING = new Position("", 0);

    /** As if there were none: a file that was there could not be read yet, and is to be read from its end on. */
    static final Position NOWHERE = new Position("unread", 0);

    private static final String AFTER = " after ";
    private static final String FINGERPRINT = "~";

    private TailPosition() {}

    /** @param places oldest first */
    static Position of(List<Place> places) {
        if (places.isEmpty()) {
            return NOTHING;
        }
        int last = places.size() - 1;
        StringBuilder identity = new StringBuilder(text(places.get(last)));
        for (int i = last - 1; i >= 0; i--) {
            identity.append(AFTER)
                    .append(text(places.get(i)))
                    .append('@')
                    .append(places.get(i).offset());
        }
        return new Position(identity.toString(), places.get(last).offset());
    }

    private static String text(Place place) {
        return place.inode() + FINGERPRINT + place.head() + FINGERPRINT + place.tail();
    }

    /** Whether a position is one in files; another kind of source may have had the name before. */
    static boolean isOne(Position position) {
        return position.identity().isEmpty() || position.identity().startsWith("(");
    }

    /** @return oldest first; empty for what is no place in a file */
    static List<Place> places(Position position) {
        if (position.identity().isEmpty() || !isOne(position)) {
            return List.of();
        }
        List<String> words = List.of(position.identity().split(AFTER, -1));
        List<Place> places = new ArrayList<>();
        places.add(place(words.get(0), position.offset()));
        for (String word : words.subList(1, words.size())) {
            int at = word.lastIndexOf('@');
            places.add(place(word.substring(0, at), Long.parseLong(word.substring(at + 1))));
        }
        Collections.reverse(places);
        return places;
    }

    private static Place place(String text, long offset) {
        String[] parts = text.split(FINGERPRINT, -1);
        return parts.length == 3
                ? new Place(parts[0], offset, Fingerprint.parse(parts[1]), Fingerprint.parse(parts[2]))
                : new Place(text, offset, Fingerprint.NONE, Fingerprint.NONE);
    }
}
