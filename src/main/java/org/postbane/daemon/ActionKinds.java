package org.postbane.daemon;

import java.time.InstantSource;
import java.util.Collection;
import org.postbane.act.Action;
import org.postbane.act.ActionSettings;
import org.postbane.act.CommandAction;
import org.postbane.act.CommandSettings;
import org.postbane.act.Fail2banAction;
import org.postbane.act.Fail2banSettings;
import org.postbane.act.FileAction;
import org.postbane.act.FileSettings;
import org.postbane.act.IpsetAction;
import org.postbane.act.IpsetSettings;
import org.postbane.act.IptablesAction;
import org.postbane.act.IptablesSettings;
import org.postbane.act.LogAction;
import org.postbane.act.NftAction;
import org.postbane.act.NftSettings;
import org.postbane.act.PfAction;
import org.postbane.act.PfSettings;
import org.postbane.act.PostfixMapAction;
import org.postbane.act.PostfixMapSettings;
import org.postbane.act.ReportAction;
import org.postbane.act.ReportSettings;
import org.postbane.act.SpamdbAction;
import org.postbane.act.SpamdbSettings;
import org.postbane.act.SqlAction;
import org.postbane.act.SqlSettings;
import org.postbane.config.ActionDefinition;
import org.postbane.host.Nft;
import org.postbane.model.Subject;

/** The kinds of action: from settings to the object. */
final class ActionKinds {

    private ActionKinds() {}

    /**
     * The action; its place outside is first touched by its first reconcile.
     *
     * @param allowed who is never banned
     */
    static Action open(ActionDefinition definition, Collection<Subject> allowed, InstantSource clock) {
        ActionSettings settings = definition.settings();
        if (definition.dryRun()) {
            return new LogAction(definition.name());
        } else if (settings instanceof NftSettings nft) {
            return new NftAction(nft, Nft.open(), clock);
        } else if (settings instanceof PostfixMapSettings map) {
            return new PostfixMapAction(map, clock);
        } else if (settings instanceof Fail2banSettings fail2ban) {
            return new Fail2banAction(fail2ban, clock);
        } else if (settings instanceof IpsetSettings ipset) {
            return new IpsetAction(ipset, clock);
        } else if (settings instanceof IptablesSettings iptables) {
            return new IptablesAction(iptables, clock);
        } else if (settings instanceof PfSettings pf) {
            return new PfAction(pf, clock);
        } else if (settings instanceof SpamdbSettings spamdb) {
            return new SpamdbAction(spamdb, clock);
        } else if (settings instanceof SqlSettings sql) {
            return new SqlAction(sql, clock);
        } else if (settings instanceof FileSettings file) {
            return new FileAction(file, allowed, clock);
        } else if (settings instanceof ReportSettings report) {
            return new ReportAction(report, clock);
        } else if (settings instanceof CommandSettings command) {
            return new CommandAction(command, clock);
        } else {
            return new LogAction(definition.name());
        }
    }
}
