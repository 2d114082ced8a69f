package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"dossier/atna"
	"dossier/atna/tsp"
	"dossier/store"
	"dossier/store/sqldb"
)

func newAuditVerify() *cobra.Command {
	cmd := auditCommand("verify", "Check the hash chain, the signed checkpoints and their time stamps",
		"Walks the whole chain and says which events were deleted, inserted, moved, edited or rewritten, compares what events are\n"+
			"found by with the events, and says when more is gone than audit.keep lets expire. --public is the public key\n"+
			"of the checkpoints, PEM; without it that of audit.key. --checkpoints is a file made by dossier audit export --checkpoints\n"+
			"and kept elsewhere: only it shows that the chain was made anew together with its checkpoints. --tsa-trusted is PEM with\n"+
			"the authorities of time stamps; without it audit.tsatrusted. Exit code 1 when anything is found; a time stamp that is\n"+
			"missing is counted only. --chain is a file made by dossier audit export: with it nothing but files is read.", cobra.NoArgs, verifyAudit)
	cmd.Flags().String("chain", "", "events that were exported before, instead of the database")
	cmd.Flags().String("public", "", "public key of the checkpoints, PEM")
	cmd.Flags().String("checkpoints", "", "checkpoints that were exported before")
	cmd.Flags().String("tsa-trusted", "", "authorities of time stamps, PEM")
	ofDatabase := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file, err := cmd.Flags().GetString("chain")
		if err != nil || file == "" {
			return errors.Join(err, ofDatabase(cmd, args))
		}
		c, err := configOf(cmd)
		if err != nil {
			return err
		}
		x, err := openExportedChain(file)
		if err != nil {
			return err
		}
		defer x.close()
		return verifyChain(cmd, c, x)
	}
	return cmd
}

func verifyAudit(cmd *cobra.Command, c *Config, db *sqldb.DB, _ []string) error {
	return verifyChain(cmd, c, db)
}

// auditChain is what a verification reads: of a database, or of files.
type auditChain interface {
	Links(ctx context.Context, after int64, limit int) ([]atna.Link, error)
	Checkpoints(ctx context.Context, after int64, limit int) ([]atna.Checkpoint, error)
	Unlinked(ctx context.Context) (int64, error)
}

func verifyChain(cmd *cobra.Command, c *Config, db auditChain) error {
	ctx := cmd.Context()
	j, err := newCheckpointJudge(cmd, c)
	if err != nil {
		return err
	}
	if err := j.judge(ctx, db); err != nil {
		return err
	}
	forwarded, err := forwardedTo(ctx, db, c.Audit.Forward) // before the walk, after which there may be more
	if err != nil {
		return err
	}
	v, err := j.walk(ctx, db, c.Audit.Keep)
	if err != nil {
		return err
	}
	for _, f := range v.Finish() {
		j.problems = append(j.problems, f.String())
	}
	if x, ok := db.(store.AuditIndex); ok {
		j.unsigned(c.Audit.Checkpoint)
		j.forwarded(c.Audit.Forward, forwarded)
		if err := j.index(ctx, x); err != nil {
			return err
		}
	}
	unlinked, err := db.Unlinked(ctx)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	for _, p := range j.problems {
		fmt.Fprintln(out, p)
	}
	if j.behind > 0 {
		fmt.Fprintf(out, "%d events, the first of %s, are not signed: whoever can write to the database could have changed them\n", j.behind, j.since.Format(time.RFC3339))
	}
	fmt.Fprintf(out, "%d events, %d checkpoints, %d of them without a time stamp, %d events not linked yet, %d findings\n",
		v.Count(), len(j.sound), j.unstamped, unlinked, len(j.problems))
	if len(j.problems) > 0 {
		return fmt.Errorf("audit: %d findings", len(j.problems))
	}
	return nil
}

// walk feeds the chain to a verifier. It begins at the checkpoint where a retention has cut it off.
func (j *checkpointJudge) walk(ctx context.Context, db auditChain, keep time.Duration) (*atna.Verifier, error) {
	links, err := db.Links(ctx, 0, linkBatch)
	if err != nil {
		return nil, err
	}
	v := atna.NewVerifier(j.anchor(links, keep), j.sound)
	signed := int64(0)
	if n := len(j.sound); n > 0 {
		signed = j.sound[n-1].Number
	}
	for len(links) > 0 {
		for _, l := range links {
			if len(l.Message) > 0 { // a link whose message is gone is a deleted event
				v.Add(l)
			}
			if l.Number > signed {
				if j.behind++; j.behind == 1 {
					j.since = l.Stored
				}
				j.until = l.Stored
			}
			j.end = max(j.end, l.Number)
		}
		if links, err = db.Links(ctx, links[len(links)-1].Number, linkBatch); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// anchor is the checkpoint behind which the chain begins, zero for the beginning. Whoever removes what is before a checkpoint does
// what a retention does, but for its time: a checkpoint that audit.keep would not have reached yet is a finding.
func (j *checkpointJudge) anchor(links []atna.Link, keep time.Duration) (anchor atna.Chain) {
	for _, c := range j.sound {
		switch old := keep > 0 && c.Time.Before(j.now.Add(-keep)); {
		case len(links) == 0 && !old, len(links) > 0 && c.Number != links[0].Number-1:
			continue
		case !old:
			j.find("events up to %d are gone, although audit.keep is %v: the checkpoint there is of %s", c.Number, keep, c.Time.Format(time.RFC3339))
		}
		anchor = atna.Chain{Number: c.Number, Hash: c.Hash} // without any link, the last one
	}
	return anchor
}

// unsigned finds that a server with a key has never signed, although it has recorded for longer than it takes: who has no key and
// makes the chain anew has to remove the checkpoints.
func (j *checkpointJudge) unsigned(every time.Duration) {
	if j.key != nil && len(j.sound) == 0 && j.until.Sub(j.since) > 2*every {
		j.find("there is no checkpoint, although audit.checkpoint is %v and events were recorded from %s to %s: the checkpoints were deleted, or nothing was ever signed",
			every, j.since.Format(time.RFC3339), j.until.Format(time.RFC3339))
	}
}

// forwardedTo is how far each destination has the chain; an exported chain does not say.
func forwardedTo(ctx context.Context, db auditChain, destinations []string) (numbers []int64, err error) {
	cursors, ok := db.(store.AuditCursors)
	if !ok {
		return nil, nil
	}
	for _, d := range destinations {
		n, err := cursors.Cursor(ctx, d)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// forwarded finds that a destination has more than there is: the last events were deleted, and it has them.
func (j *checkpointJudge) forwarded(destinations []string, numbers []int64) {
	for _, c := range j.sound {
		j.end = max(j.end, c.Number) // what an expired chain ends at; what is missing before it the walk has found
	}
	for i, n := range numbers {
		if n > j.end {
			j.find("%s has the events up to %d, of which those after %d were deleted here", destinations[i], n, j.end)
		}
	}
}

// index compares what events are found by with the events, which alone the chain vouches for.
func (j *checkpointJudge) index(ctx context.Context, db store.AuditIndex) error {
	outside, err := db.OutsideChain(ctx)
	if err != nil {
		return err
	}
	for _, id := range outside {
		j.find("%s is not in the chain: it was inserted, or its place was deleted", eventByID(id))
	}
	faults := func(all []store.AuditFault) {
		for _, f := range all {
			j.find("%s: %s", eventByID(f.ID), f.What)
		}
	}
	for after := int64(0); ; {
		found, last, err := db.CheckIndex(ctx, after, linkBatch)
		if err != nil {
			return err
		}
		if faults(found); last == 0 {
			break
		}
		after = last
	}
	for after := (store.AuditKey{}); ; {
		found, last, n, err := db.CheckPatients(ctx, after, linkBatch)
		if err != nil || n == 0 {
			return err
		}
		faults(found)
		after = last
	}
}

// eventByID names a stored message: its id is the time of storing.
func eventByID(id int64) string {
	m := store.AuditMessage{ID: id}
	return fmt.Sprintf("the event %d, stored at %s,", id, m.Stored().Format(time.RFC3339))
}

// checkpointJudge looks through the checkpoints of a database and of an export of former days.
type checkpointJudge struct {
	key         crypto.PublicKey // nil knows none
	authorities *tsp.Authorities // nil believes nobody
	kept        map[int64]atna.Checkpoint
	now         time.Time

	sound     []atna.Checkpoint // those whose signature holds, without their time stamps, by number
	unstamped int               // of the sound ones
	behind    int64             // events after the last sound one, stored from since to until
	since     time.Time
	until     time.Time
	end       int64 // number of the last event
	problems  []string
}

func newCheckpointJudge(cmd *cobra.Command, c *Config) (j *checkpointJudge, err error) {
	j = &checkpointJudge{kept: map[int64]atna.Checkpoint{}, now: time.Now()}
	if j.key, err = publicKey(cmd, c); err != nil {
		return nil, err
	}
	trusted, err := cmd.Flags().GetString("tsa-trusted")
	if err != nil {
		return nil, err
	}
	if trusted != "" {
		other := *c
		other.Audit.TSATrusted = trusted
		c = &other
	}
	if j.authorities, err = c.openStamps(); err != nil {
		return nil, err
	}
	file, err := cmd.Flags().GetString("checkpoints")
	if err != nil || file == "" {
		return j, err
	}
	kept, err := readCheckpoints(file)
	for _, k := range kept {
		j.kept[k.Number] = k
	}
	return j, err
}

// judge compares what is stored with what was kept, part by part: time stamps are large.
func (j *checkpointJudge) judge(ctx context.Context, db auditChain) error {
	after := int64(0)
	for {
		stored, err := db.Checkpoints(ctx, after, linkBatch)
		if err != nil {
			return err
		}
		if len(stored) == 0 {
			break
		}
		for _, s := range stored {
			after = s.Number
			if k, ok := j.kept[s.Number]; ok {
				delete(j.kept, s.Number)
				j.both(s, k)
				continue
			}
			j.take(s)
		}
		if j.key == nil {
			break
		}
	}
	if j.key == nil && (after > 0 || len(j.kept) > 0) {
		j.problems, j.sound = []string{"checkpoints are not verified: neither --public nor audit.key is set"}, nil
		return nil
	}
	for _, k := range j.kept {
		j.take(k)
	}
	sortCheckpoints(j.sound)
	return nil
}

// both compares a checkpoint with the one that was exported; the exported one counts.
func (j *checkpointJudge) both(stored, kept atna.Checkpoint) {
	switch {
	case kept.Timestamp == nil:
		kept.Timestamp = stored.Timestamp
	case stored.Timestamp == nil:
		j.find("checkpoint %d: its time stamp was removed: the exported one has it", stored.Number)
	case !bytes.Equal(stored.Timestamp, kept.Timestamp):
		j.find("checkpoint %d: its time stamp was exchanged: the exported one is another", stored.Number)
	}
	if !j.take(kept) {
		j.take(stored)
		return
	}
	if err := stored.Verify(j.key); err != nil {
		j.find("%v", err)
	} else if stored.Hash != kept.Hash {
		j.find("checkpoint %d was exchanged: the exported one has another hash", stored.Number)
	}
}

func (j *checkpointJudge) find(format string, args ...any) {
	j.problems = append(j.problems, fmt.Sprintf(format, args...))
}

// take judges signature and time stamp of one checkpoint and tells whether the signature holds.
func (j *checkpointJudge) take(c atna.Checkpoint) bool {
	if j.key == nil {
		return false
	}
	if err := c.Verify(j.key); err != nil {
		j.find("%v", err)
		return false
	}
	j.stamp(&c)
	c.Timestamp = nil
	j.sound = append(j.sound, c)
	return true
}

// stamp judges a time stamp: the checkpoint was there at that time, so that it cannot be before it was signed.
func (j *checkpointJudge) stamp(c *atna.Checkpoint) {
	if len(c.Timestamp) == 0 {
		j.unstamped++
		return
	}
	if j.authorities == nil {
		j.find("checkpoint %d: its time stamp is not verified: neither --tsa-trusted nor audit.tsatrusted is set", c.Number)
		return
	}
	s, err := j.authorities.Verify(c.Timestamp, c.Digest())
	switch {
	case err != nil:
		j.find("checkpoint %d: its time stamp does not verify: %v", c.Number, err)
	case s.Time.Before(c.Time.Add(-tsp.MaxSkew)):
		j.find("checkpoint %d: it was stamped at %s, before it was signed", c.Number, s.Time.Format(time.RFC3339))
	case s.Time.After(j.now.Add(tsp.MaxSkew)):
		j.find("checkpoint %d: its time stamp %s is in the future", c.Number, s.Time.Format(time.RFC3339))
	}
}

// publicKey is that of --public, or of audit.key; nil when there is neither.
func publicKey(cmd *cobra.Command, c *Config) (crypto.PublicKey, error) {
	file, err := cmd.Flags().GetString("public")
	if err != nil {
		return nil, err
	}
	if file == "" && c.Audit.Key == "" {
		return nil, nil
	}
	if file == "" {
		k, err := openSigningKey(c.Audit.Key)
		if err != nil {
			return nil, err
		}
		return k.Public(), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, usagef("--public: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, usagef("--public: expected PEM, found none")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, usagef("--public: %w", err)
	}
	return key, nil
}

func openSigningKey(file string) (*atna.SigningKey, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, usagef("configuration: audit.key: %w", err)
	}
	k, err := atna.ParseSigningKey(b)
	if err != nil {
		return nil, usagef("configuration: audit.key: %w", err)
	}
	return k, nil
}
