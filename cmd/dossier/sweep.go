package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"dossier/store/blob"
)

func newSweep() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Remove document bytes that no document names, without the grace period of a running server",
		Long: "A submission that was refused, or cut off by a crash, leaves its documents' bytes without a name. A running server\n" +
			"removes them once they are older than sweep.grace. Here nothing is on its way, so that no grace is needed: the server must\n" +
			"not run. Nothing is removed while the database contradicts itself or the index, because then bytes that nobody names may\n" +
			"be those that a repair needs.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configOf(cmd)
			if err != nil {
				return err
			}
			return sweep(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
	addConfigFlags(cmd.Flags())
	return cmd
}

func sweep(ctx context.Context, c *Config, out io.Writer) error {
	return withStore(ctx, c, func(db contents, blobs blob.Store) error {
		v := newVerifier(c, db, blobs)
		v.print = out
		for _, step := range []func(context.Context) error{v.database, v.rows, v.objects} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		if v.Damaged > 0 {
			return fmt.Errorf("sweep: nothing removed: %d findings of damage; see dossier verify", v.Damaged)
		}
		// The lock on the folder keeps every other process out: all bytes are older than this moment.
		result, err := blob.Sweep(ctx, blobs, time.Nanosecond, time.Now, db.Referenced)
		fmt.Fprintf(out, "%d blobs: %d named by documents, %d removed (%d bytes), %d kept because they are dated in the future\n",
			result.Seen, result.Referenced, result.Removed, result.Bytes, result.Fresh)
		return err
	})
}
