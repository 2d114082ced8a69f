package main

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"
)

// sizes of the documents of ITI-41 and ITI-43.
func (b *bench) sizes() []int64 { return []int64{10 * kb, mb, b.large} }

// bound is how many operations on a document of that size a block may have. A large document leaves its bytes on the disk.
func (b *bench) bound(size int64) int {
	if size == b.large {
		return b.few
	}
	return min(b.most, int(b.large*int64(b.few)/size))
}

// provide measures ITI-41 of one document beside making a file of the same bytes durable.
func (b *bench) provide(ctx context.Context, s *server) error {
	c := newClient()
	defer c.close()
	dir := filepath.Join(b.dir, "files")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	to := rounds(groupRegister, writers)
	for _, size := range b.sizes() {
		result, err := alternate(ctx, b.plan, b.bound(size),
			func(ctx context.Context) (time.Duration, error) {
				return c.provide(ctx, s, b.ids.submission(to(), 1), b.content(size))
			},
			func(context.Context) (time.Duration, error) { return durable(dir, b.content(size)) })
		if err != nil {
			return err
		}
		goal := goalProvide
		if size == b.large {
			goal = goalProvideLarge
		}
		b.table.add("ITI-41 of "+sizeText(size), "write, fsync, rename, fsync of the folder", result, size, goal)
		if b.rows > 0 {
			b.table.note("ITI-41 of %s beside the file and the rows of ITI-42 of 1 document, one after the other: %.2f",
				sizeText(size), float64(result.limit.at(.5)+b.rows)/float64(result.server.at(.5)))
		}
	}
	b.table.note("%s", hashes(b.large))
	return os.RemoveAll(dir)
}

func (b *bench) content(size int64) content { return content{seed: uint64(b.ids.number()), size: size} }

// hashes tells what the digests of a document cost by themselves: SHA-1 and SHA-256 on the way in, SHA-256 on the way out.
func hashes(size int64) string {
	block := make([]byte, 256<<10)
	took := func(h hash.Hash) string {
		start := time.Now()
		for left := size; left > 0; left -= int64(len(block)) {
			h.Write(block[:min(left, int64(len(block)))])
		}
		return text(time.Since(start))
	}
	return fmt.Sprintf("digests of %s, one core: SHA-1 %s, SHA-256 %s", sizeText(size), took(sha1.New()), took(sha256.New()))
}

// durable writes a file so that it survives a power failure, and removes it again.
func durable(dir string, c content) (time.Duration, error) {
	temporary, name := filepath.Join(dir, "temporary"), filepath.Join(dir, fmt.Sprint(c.seed))
	start := time.Now()
	err := writeFile(temporary, c)
	if err == nil {
		err = os.Rename(temporary, name)
	}
	if err == nil {
		err = syncFolder(dir)
	}
	took := time.Since(start)
	return took, errors.Join(err, os.Remove(name))
}

func writeFile(path string, c content) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, c.reader(), make([]byte, 256<<10))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
