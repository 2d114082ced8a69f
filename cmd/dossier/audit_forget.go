package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"dossier/atna"
	"dossier/store"
	"dossier/store/sqldb"
)

func newAuditForget() *cobra.Command {
	return auditCommand("forget DESTINATION", "Give up a destination that audit.forward no longer names",
		"What a destination does not have does not expire, also after it was taken out of audit.forward: it may come back. This says that\n"+
			"it will not. DESTINATION is spelt as it was there. It is recorded.", cobra.ExactArgs(1), forgetDestination)
}

func forgetDestination(cmd *cobra.Command, c *Config, db *sqldb.DB, args []string) error {
	ctx, destination := cmd.Context(), args[0]
	if slices.Contains(c.Audit.Forward, destination) {
		return usagef("audit.forward names %s: take it out first", destination)
	}
	all, err := db.Cursors(ctx)
	if err != nil {
		return err
	}
	number, known := all[destination]
	if !known {
		return usagef("no destination %q was ever forwarded to", destination)
	}
	node := auditNode(c, fmt.Sprint(os.Getpid()))
	e := node.Alert(atna.Alert{Type: atna.SecurityConfiguration, Time: time.Now(), Peer: atna.Party{UserID: node.Account},
		Description: fmt.Sprintf("audit destination %s given up; it has the chain up to number %d", destination, number)})
	if err := db.Record(ctx, store.AuditMessage{Event: &e, Message: atna.Append(nil, &e)}); err != nil {
		return err
	}
	if _, err := db.ForgetCursor(ctx, destination); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s given up; it has the audit chain up to number %d\n", destination, number)
	return nil
}

// leftBehind warns of destinations that are no longer forwarded to and hold up what expires. Another server of the same database
// may forward to them.
func (n *node) leftBehind(ctx context.Context) {
	all, err := n.db.Cursors(ctx)
	if err != nil {
		return // expireAudit says so
	}
	for destination, number := range all {
		if !slices.Contains(n.config.Audit.Forward, destination) {
			n.log.Warn("audit events do not expire behind a destination that audit.forward does not name; see dossier audit forget",
				"destination", destination, "number", number)
		}
	}
}
