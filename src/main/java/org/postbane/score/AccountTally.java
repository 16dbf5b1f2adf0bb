package org.postbane.score;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;

/** What was sent by one account, in messages where nothing else is said. Read only outside this package. */
public final class AccountTally {

    final SortedSet<IpPrefix> clients = new TreeSet<>();
    private final String account;
    private int spam;
    private int ham;
    long victims;

    AccountTally(String account) {
        this.account = account;
    }

    void judged(Judgement judgement, int count) {
        if (judgement == Judgement.SPAM) {
            spam += count;
        } else if (judgement == Judgement.CLEAN) {
            ham += count;
        }
    }

    /** The login, as logged: a stranger's text. */
    public String account() {
        return account;
    }

    /** Judged spam. */
    public int spam() {
        return spam;
    }

    /** Recipients of its spam. */
    public long victims() {
        return victims;
    }

    /** Judged clean. */
    public int ham() {
        return ham;
    }

    /** From which it was used. A view. */
    public SortedSet<IpPrefix> clients() {
        return Collections.unmodifiableSortedSet(clients);
    }
}
