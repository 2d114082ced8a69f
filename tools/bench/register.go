package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// register measures ITI-42 beside bare SQL that writes the very rows which the server wrote, into a copy of its database
// taken before.
func (b *bench) register(ctx context.Context, s *server) (err error) {
	c := newClient()
	defer c.close()
	source, err := openServers(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	path := filepath.Join(b.dir, "copy.db")
	if err := source.copyTo(ctx, path); err != nil {
		return fmt.Errorf("copy of the database: %w", err)
	}
	target, err := open(ctx, path, readWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.close()) }()
	r := &replay{source: source, target: target}
	to := rounds(groupRegister, writers)
	for _, n := range []int{1, 10, 50} {
		if r.after, err = source.lastObject(ctx); err != nil { // what the limit had no time for is left out
			return err
		}
		r.objects = int64(2*n + 1) // the SubmissionSet, its DocumentEntries and a HasMember Association for each
		result, err := alternate(ctx, b.plan, b.most,
			func(ctx context.Context) (time.Duration, error) { return c.register(ctx, s, b.ids.submission(to(), n)) }, r.next)
		if err != nil {
			return err
		}
		goal := goalRegisterMany
		if n == 1 {
			goal, b.rows = goalRegisterOne, result.limit.at(.5)
		}
		b.table.add("ITI-42 of "+documentsText(n), "INSERT of the same rows, one transaction", result, 0, goal)
	}
	return nil
}

func documentsText(n int) string {
	if n == 1 {
		return "1 document"
	}
	return fmt.Sprintf("%d documents", n)
}

// copyTo writes the database, schema and rows, to a file of its own.
func (d *database) copyTo(ctx context.Context, path string) error {
	// The connection that serves for everything else may not write anywhere.
	if err := d.exec(ctx, "PRAGMA query_only = 0"); err != nil {
		return err
	}
	return errors.Join(d.exec(ctx, "VACUUM INTO ?", path), d.exec(ctx, "PRAGMA query_only = 1"))
}

// replay writes again, one registration after the other, what the server wrote.
type replay struct {
	source, target *database
	after          int64 // the last object that is in both
	objects        int64 // of one registration
}

func (r *replay) next(ctx context.Context) (time.Duration, error) {
	upTo := r.after + r.objects
	batches, err := r.source.batches(ctx, r.after, upTo)
	if err != nil {
		return 0, err
	}
	for _, b := range batches { // preparing is not part of it: the server's statements are prepared too
		if _, err := r.target.prepare(ctx, b.insert); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	err = r.target.write(ctx, batches)
	r.after = upTo
	return time.Since(start), err
}
