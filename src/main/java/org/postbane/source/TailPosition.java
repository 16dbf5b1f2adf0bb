package org.postbane.source;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * How a {@link FileTail} that has several files open at once, the rotated and the current one, writes that down as one
 * {@link Position}, which a batch can save at one stroke. The offset is that of the current file; the identity names the
 * older ones behind it: {@code NEWEST after OLDER@OFFSET after OLDEST@OFFSET}.
 */
final class TailPosition {

    /** No file has been seen yet: whatever comes is to be read from its start. */
    static final Position NOTHING = new Position("", 0);

    private static final String AFTER = " after ";

    private TailPosition() {}

    /** @param places oldest first */
    static Position of(List<Position> places) {
        if (places.isEmpty()) {
            return NOTHING;
        }
        int last = places.size() - 1;
        StringBuilder identity = new StringBuilder(places.get(last).identity());
        for (int i = last - 1; i >= 0; i--) {
            identity.append(AFTER)
                    .append(places.get(i).identity())
                    .append('@')
                    .append(places.get(i).offset());
        }
        return new Position(identity.toString(), places.get(last).offset());
    }

    /** @return oldest first; empty for {@link #NOTHING} */
    static List<Position> places(Position position) {
        if (position.identity().isEmpty()) {
            return List.of();
        }
        List<String> words = List.of(position.identity().split(AFTER, -1));
        List<Position> places = new ArrayList<>();
        places.add(new Position(words.get(0), position.offset()));
        for (String word : words.subList(1, words.size())) {
            int at = word.lastIndexOf('@');
            places.add(new Position(word.substring(0, at), Long.parseLong(word.substring(at + 1))));
        }
        Collections.reverse(places);
        return places;
    }
}
