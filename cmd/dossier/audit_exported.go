package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"

	"dossier/atna"
)

// exportedChain reads what dossier audit export has written, one link on each line. Checkpoints come from a file of their own.
type exportedChain struct {
	file *os.File
	dec  *json.Decoder
	line int
}

func openExportedChain(name string) (*exportedChain, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usagef("--chain: %w", err)
	}
	dec := json.NewDecoder(f)
	dec.DisallowUnknownFields()
	return &exportedChain{file: f, dec: dec}, nil
}

func (x *exportedChain) close() { x.file.Close() }

// Links returns the next lines, in the order of the file: what is out of order is for the Verifier to find.
func (x *exportedChain) Links(_ context.Context, _ int64, limit int) (links []atna.Link, err error) {
	for len(links) < limit {
		var e exportedLink
		if err := x.dec.Decode(&e); errors.Is(err, io.EOF) {
			return links, nil
		} else if err != nil {
			return nil, usagef("--chain: line %d: %w", x.line+1, err)
		}
		x.line++
		l := atna.Link{Number: e.Number, Stored: e.Stored, Message: e.Message}
		for _, h := range []struct {
			text string
			to   *atna.Hash
		}{{e.Prev, &l.Prev}, {e.Hash, &l.Hash}} {
			b, err := hex.DecodeString(h.text)
			if err != nil || len(b) != len(h.to) {
				return nil, usagef("--chain: line %d: %.80q is no hash of SHA-256", x.line, h.text)
			}
			copy(h.to[:], b)
		}
		links = append(links, l)
	}
	return links, nil
}

// Checkpoints are not in the file.
func (x *exportedChain) Checkpoints(context.Context, int64, int) ([]atna.Checkpoint, error) {
	return nil, nil
}

// Unlinked events are not exported.
func (x *exportedChain) Unlinked(context.Context) (int64, error) { return 0, nil }

var _ auditChain = (*exportedChain)(nil)
