package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"dossier/atna"
	"dossier/store/sqldb"
)

// exportedCheckpoint is a checkpoint as JSON.
type exportedCheckpoint struct {
	Number    int64     `json:"number"`
	Hash      string    `json:"hash"`
	Time      time.Time `json:"time"`
	Key       string    `json:"key"`
	Signature []byte    `json:"signature"`
	Digest    string    `json:"digest"` // what is stamped, for others who verify; reading makes it anew
	Timestamp []byte    `json:"timestamp,omitempty"`
}

func exportCheckpoints(ctx context.Context, w io.Writer, db *sqldb.DB) error {
	enc := json.NewEncoder(w)
	for after := int64(0); ; {
		all, err := db.Checkpoints(ctx, after, linkBatch)
		if err != nil || len(all) == 0 {
			return err
		}
		for _, c := range all {
			after = c.Number
			if err := enc.Encode(exportedCheckpoint{c.Number, fmt.Sprintf("%x", c.Hash), c.Time, c.Key, c.Signature, fmt.Sprintf("%x", c.Digest()), c.Timestamp}); err != nil {
				return err
			}
		}
	}
}

func readCheckpoints(file string) ([]atna.Checkpoint, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, usagef("--checkpoints: %w", err)
	}
	defer f.Close()
	var out []atna.Checkpoint
	for dec := json.NewDecoder(f); ; {
		var x exportedCheckpoint
		if err := dec.Decode(&x); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, usagef("--checkpoints: %w", err)
		}
		c := atna.Checkpoint{Number: x.Number, Time: x.Time, Key: x.Key, Signature: x.Signature, Timestamp: x.Timestamp}
		b, err := hex.DecodeString(x.Hash)
		if err != nil || len(b) != len(c.Hash) {
			return nil, usagef("--checkpoints: checkpoint %d has no hash of SHA-256", x.Number)
		}
		copy(c.Hash[:], b)
		out = append(out, c)
	}
}

func sortCheckpoints(all []atna.Checkpoint) {
	slices.SortFunc(all, func(a, b atna.Checkpoint) int { return int(a.Number - b.Number) })
}
