package org.postbane.act;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;

/** News that nobody was told of yet, oldest first. Memory: {@value #MOST} of them; beyond that the oldest are counted only. For one thread. */
final class Backlog {

    static final int MOST = 10_000;

    private final ArrayDeque<News> news = new ArrayDeque<>();
    private long dropped;

    void add(News one) {
        if (news.size() >= MOST) {
            news.remove();
            dropped++;
        }
        news.add(one);
    }

    boolean isEmpty() {
        return news.isEmpty();
    }

    int size() {
        return news.size();
    }

    /** A view. */
    Collection<News> all() {
        return news;
    }

    /** A copy. */
    List<News> oldest(int most) {
        return news.stream().limit(most).toList();
    }

    /** How many there were beside these. */
    long dropped() {
        return dropped;
    }

    /** The oldest have arrived, and so has the number of those beside. */
    void arrived(int count) {
        for (int i = 0; i < count; i++) {
            news.remove();
        }
        dropped = 0;
    }
}
