package org.postbane.host;

class JournalctlTest extends JournalContract {

    @Override
    Journal journal(JournalPlace place) {
        return new Journalctl(place);
    }
}
