package blob

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// fanout knows which of the 256 * 256 folders exist durably, so that the fsync of their parents happens once per folder
// and not once per blob. A folder that merely exists is not enough: another upload may have made it just now.
type fanout [256]struct {
	sync.Mutex
	durable bool      // dir/ab
	leaf    [256]bool // dir/ab/cd
}

// load makes the folders that exist durable.
func (o *fanout) load(ops fileOps, dir string) error {
	if err := ops.syncDir(dir); err != nil {
		return err
	}
	firsts, err := fanoutFolders(dir)
	if err != nil {
		return err
	}
	for _, b := range firsts {
		path := filepath.Join(dir, hexByte(b))
		seconds, err := fanoutFolders(path)
		if err == nil {
			err = ops.syncDir(path)
		}
		if err != nil {
			return err
		}
		o[b].durable = true
		for _, c := range seconds {
			o[b].leaf[c] = true
		}
	}
	return nil
}

// make creates the two folders of ref if need be; sync must follow.
func (o *fanout) make(ops fileOps, dir string, ref Ref) error {
	first, second := &o[ref.SHA256[0]], ref.SHA256[1]
	first.Lock()
	known := first.leaf[second]
	first.Unlock()
	if known {
		return nil
	}
	path := filepath.Join(dir, hexByte(ref.SHA256[0]))
	for _, p := range []string{path, filepath.Join(path, hexByte(second))} {
		if err := ops.mkdir(p); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// sync makes the two folders of ref durable. A second upload that needs the same waits here for the first.
func (o *fanout) sync(ops fileOps, dir string, ref Ref) error {
	first, second := &o[ref.SHA256[0]], ref.SHA256[1]
	first.Lock()
	defer first.Unlock()
	if first.leaf[second] {
		return nil
	}
	if !first.durable {
		if err := ops.syncDir(dir); err != nil {
			return err
		}
		first.durable = true
	}
	if err := ops.syncDir(filepath.Join(dir, hexByte(ref.SHA256[0]))); err != nil {
		return err
	}
	first.leaf[second] = true
	return nil
}

// fanoutFolders lists the fan-out folders in path, in order.
func fanoutFolders(path string) ([]byte, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var all []byte
	for _, e := range entries {
		if b, ok := parseHexByte(e.Name()); ok && e.IsDir() {
			all = append(all, b)
		}
	}
	return all, nil
}

func hexByte(b byte) string { return fmt.Sprintf("%02x", b) }

// parseHexByte reads the name of a fan-out folder: two lower-case hexadecimal digits.
func parseHexByte(name string) (byte, bool) {
	b, err := hex.DecodeString(name)
	if err != nil || len(b) != 1 || hexByte(b[0]) != name {
		return 0, false
	}
	return b[0], true
}

// mkdirDurable creates dir and the missing folders above it.
func mkdirDurable(ops fileOps, dir string) error {
	err := ops.mkdir(dir)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		if err := mkdirDurable(ops, filepath.Dir(dir)); err != nil {
			return err
		}
		err = ops.mkdir(dir)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return ops.syncDir(filepath.Dir(dir))
}
