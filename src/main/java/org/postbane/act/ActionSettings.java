package org.postbane.act;

import java.util.Set;

/** What an administrator says of one action; each kind has a record of its own, beside the class that uses it. */
public sealed interface ActionSettings
        permits CommandSettings,
                Fail2banSettings,
                FileSettings,
                IpsetSettings,
                IptablesSettings,
                LogSettings,
                NftSettings,
                PfSettings,
                PostfixMapSettings,
                ReportSettings,
                SpamdbSettings,
                SqlSettings {

    /** The action's name in the configuration. */
    String name();

    /**
     * What outside this program must be this action's alone, in words for people: of two actions that name the same, each would
     * undo what the other does.
     */
    default Set<String> places() {
        return Set.of();
    }
}
