package org.postbane.act;

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
}
