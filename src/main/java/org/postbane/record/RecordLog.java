package org.postbane.record;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Records in the agent's own log, one line each ({@link RecordLine}). Never fails. */
final class RecordLog implements RecordSink {

    private static final Logger LOG = LoggerFactory.getLogger(RecordLog.class);

    @Override
    public void write(List<RecordedMessage> messages) {
        for (RecordedMessage message : messages) {
            LOG.info("{}", RecordLine.of(message));
        }
    }

    @Override
    public String toString() {
        return "the log";
    }
}
