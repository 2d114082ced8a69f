package blob

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Walk implements [Store], in the order of the digests. What is not named like a blob in its place is passed over.
func (f *FS) Walk(ctx context.Context, fn func(ref Ref, received time.Time) error) error {
	firsts, err := fanoutFolders(f.dir)
	if err != nil {
		return fmt.Errorf("blob: walk: %w", err)
	}
	for _, b := range firsts {
		first := filepath.Join(f.dir, hexByte(b))
		seconds, err := fanoutFolders(first)
		if err != nil {
			return fmt.Errorf("blob: walk: %w", err)
		}
		for _, c := range seconds {
			if err := walkFolder(ctx, filepath.Join(first, hexByte(c)), [2]byte{b, c}, fn); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// walkFolder calls fn for the blobs of one folder, whose digests start with prefix.
func walkFolder(ctx context.Context, path string, prefix [2]byte, fn func(ref Ref, received time.Time) error) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("blob: walk: %w", err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		sum, ok := parseName(e.Name())
		if !ok || [2]byte(sum[:2]) != prefix || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return fmt.Errorf("blob: walk: %w", err)
		}
		if err := fn(Ref{SHA256: sum, Size: info.Size()}, info.ModTime()); err != nil {
			return err
		}
	}
	return nil
}

// parseName reads the file name of a blob: 64 lower-case hexadecimal digits.
func parseName(name string) (sum [32]byte, ok bool) {
	b, err := hex.DecodeString(name)
	if err != nil || len(b) != len(sum) || hex.EncodeToString(b) != name {
		return sum, false
	}
	return [32]byte(b), true
}
