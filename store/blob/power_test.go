package blob

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// volatileDisk makes the changes of FS and remembers which of them no fsync has covered. After a power failure each
// of those may be on the disk or not, in any combination: names in a folder independently of each other, content as
// any part of what was written. That is weaker than what ext4 or XFS give, and all that POSIX does.
type volatileDisk struct {
	sync.Mutex
	root    string
	left    int // changes until the power fails
	folders map[string]*volatileFolder
}

type volatileFolder struct {
	durable map[string]*volatileFile
	pending []pendingName // since the last fsync, oldest first
}

// pendingName is a name given or, with a nil file, taken away.
type pendingName struct {
	name string
	file *volatileFile
}

// volatileFile is a file, or a folder.
type volatileFile struct {
	folder  *volatileFolder
	written []byte
	durable bool
}

var errPower = errors.New("power failure")

func newVolatileDisk(root string) *volatileDisk {
	return &volatileDisk{root: root, folders: map[string]*volatileFolder{root: {}}}
}

// change runs do under the lock unless the power has failed.
func (v *volatileDisk) change(do func() error) error {
	v.Lock()
	defer v.Unlock()
	if v.left == 0 {
		return errPower
	}
	v.left--
	return do()
}

// name records a change of a name in a folder.
func (v *volatileDisk) name(path string, f *volatileFile) {
	d := v.folders[filepath.Dir(path)]
	d.pending = append(d.pending, pendingName{filepath.Base(path), f})
}

// lookup finds the file that has the name now.
func (d *volatileFolder) lookup(name string) *volatileFile {
	for _, p := range slices.Backward(d.pending) {
		if p.name == name {
			return p.file
		}
	}
	return d.durable[name]
}

func (v *volatileDisk) create(path string) (f file, err error) {
	err = v.change(func() error {
		if f, err = (osOps{}).create(path); err != nil {
			return err
		}
		vf := &volatileFile{}
		v.name(path, vf)
		f = &volatileHandle{f, v, vf}
		return nil
	})
	return f, err
}

func (v *volatileDisk) chtimes(path string, at time.Time) error {
	return v.change(func() error { return osOps{}.chtimes(path, at) })
}

func (v *volatileDisk) rename(from, to string) error {
	return v.change(func() error {
		f := v.folders[filepath.Dir(from)].lookup(filepath.Base(from))
		v.name(to, f)
		v.name(from, nil)
		return os.Rename(from, to)
	})
}

func (v *volatileDisk) remove(path string) error {
	return v.change(func() error {
		v.name(path, nil)
		return os.Remove(path)
	})
}

func (v *volatileDisk) mkdir(path string) error {
	return v.change(func() error {
		if err := (osOps{}).mkdir(path); err != nil {
			return err
		}
		d := &volatileFolder{}
		v.folders[path] = d
		v.name(path, &volatileFile{folder: d})
		return nil
	})
}

func (v *volatileDisk) syncDir(path string) error {
	return v.change(func() error {
		if d := v.folders[path]; d != nil { // else above the root, which exists
			d.durable, d.pending = d.after(func(int) bool { return true }), nil
		}
		return nil
	})
}

// after is what the folder holds when those of the pending changes happened that happens says.
func (d *volatileFolder) after(happens func(int) bool) map[string]*volatileFile {
	all := map[string]*volatileFile{}
	maps.Copy(all, d.durable)
	for i, p := range d.pending {
		switch {
		case !happens(i):
		case p.file == nil:
			delete(all, p.name)
		default:
			all[p.name] = p.file
		}
	}
	return all
}

type volatileHandle struct {
	file
	disk *volatileDisk
	vf   *volatileFile
}

func (h *volatileHandle) Write(p []byte) (n int, err error) {
	err = h.disk.change(func() error {
		h.vf.written = append(h.vf.written, p...)
		h.vf.durable = false
		n, err = h.file.Write(p)
		return err
	})
	return n, err
}

func (h *volatileHandle) Sync() error {
	return h.disk.change(func() error {
		h.vf.durable = true
		return nil
	})
}

// restart writes to dir what a power failure leaves.
func (v *volatileDisk) restart(rng *rand.Rand, dir string) error {
	return v.folders[v.root].restart(rng, dir)
}

func (d *volatileFolder) restart(rng *rand.Rand, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	all := d.after(func(int) bool { return rng.IntN(2) == 0 })
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f, path := all[name], filepath.Join(dir, name)
		var err error
		switch {
		case f.folder != nil:
			err = f.folder.restart(rng, path)
		case f.durable:
			err = os.WriteFile(path, f.written, 0o600)
		default:
			err = os.WriteFile(path, torn(rng, f.written), 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// torn is what may remain of content without an fsync: a part of it, with or without zeros for the rest.
func torn(rng *rand.Rand, p []byte) []byte {
	n := rng.IntN(len(p) + 1)
	rest := make([]byte, (len(p)-n)*rng.IntN(2))
	return append(bytes.Clone(p[:n]), rest...)
}

// unsyncedOps is the operating system without the wait for its disk.
type unsyncedOps struct{ osOps }

func (unsyncedOps) syncDir(string) error { return nil }

// neighbours are contents that share their folders with others: eight in one, eight more below one parent.
var neighbours = sync.OnceValue(func() [][]byte {
	var one, parent [][]byte
	for i := 0; len(one) < 8 || len(parent) < 8; i++ {
		p := fmt.Appendf(nil, "2.999.%d", i)
		switch sum := sha256.Sum256(p); {
		case sum[0] != 0:
		case sum[1] == 0 && len(one) < 8:
			one = append(one, p)
		case sum[1] != 0 && len(parent) < 8:
			parent = append(parent, p)
		}
	}
	return append(one, parent...)
})

// TestPowerFailure cuts the power at a random change, with three uploads at once and a removal now and then, in half
// of the cases after a restart of the process. What Receive accepted must be there, and nothing that is there may be
// damaged. DOSSIER_SEEDS sets the number of power failures; with TMPDIR on a memory file system 100,000 are a matter
// of minutes.
func TestPowerFailure(t *testing.T) {
	t.Parallel()
	seeds, accepted := uint64(400), 0
	if s := os.Getenv("DOSSIER_SEEDS"); s != "" {
		var err error
		if seeds, err = strconv.ParseUint(s, 10, 32); err != nil {
			t.Fatalf("DOSSIER_SEEDS: %v", err)
		}
	}
	for seed := range seeds {
		accepted += powerFailure(t, seed)
	}
	if accepted < int(seeds) {
		t.Errorf("%d blobs accepted before %d power failures: too few to show anything", accepted, seeds)
	}
}

func powerFailure(t *testing.T, seed uint64) (accepted int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	tmp := t.TempDir()
	defer os.RemoveAll(tmp) // not only at the end of all seeds
	before, after := filepath.Join(tmp, "before"), filepath.Join(tmp, "after")
	if err := os.Mkdir(before, 0o700); err != nil {
		t.Fatal(err)
	}
	disk := newVolatileDisk(before)
	kept := map[Ref]bool{}
	for range 1 + rng.IntN(2) { // the first end may be that of the process only
		disk.left = 5 + rng.IntN(60)
		s, err := openFS(before, disk, time.Now)
		if errors.Is(err, errPower) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		receiveUntilPowerFails(t, s, rng, kept)
		s.Close()
	}
	if err := disk.restart(rng, after); err != nil {
		t.Fatal(err)
	}
	again, err := openFS(after, unsyncedOps{}, time.Now)
	if err != nil {
		t.Fatalf("seed %d: OpenFS after the power failure: %v", seed, err)
	}
	defer again.Close()
	there := wantAllWhole(t, again)
	for ref := range kept {
		if !there[ref] {
			t.Errorf("seed %d: %s was accepted, then lost", seed, ref)
		}
	}
	return len(kept)
}

// receiveUntilPowerFails keeps note in kept of what was accepted and not removed.
func receiveUntilPowerFails(t *testing.T, s *FS, rng *rand.Rand, kept map[Ref]bool) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for worker := range 3 {
		rng := rand.New(rand.NewPCG(rng.Uint64(), uint64(worker)))
		wg.Go(func() {
			for {
				i := 3*rng.IntN(len(neighbours())/3) + worker // no two workers share content
				p := neighbours()[i]
				d, err := Receive(t.Context(), s, bytes.NewReader(p), 100)
				if err != nil {
					return
				}
				mu.Lock()
				kept[d.Ref] = true
				mu.Unlock()
				if rng.IntN(5) > 0 {
					continue
				}
				mu.Lock()
				delete(kept, d.Ref)
				mu.Unlock()
				if _, err := s.Remove(t.Context(), d.Ref, time.Now().Add(time.Hour)); err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
}

// wantAllWhole verifies every blob and returns them.
func wantAllWhole(t *testing.T, s *FS) map[Ref]bool {
	t.Helper()
	there := map[Ref]bool{}
	err := s.Walk(t.Context(), func(ref Ref, _ time.Time) error {
		there[ref] = true
		_, err := get(t, s, ref)
		return err
	})
	if err != nil {
		t.Errorf("blob at its final name: %v", err)
	}
	if left := names(t, filepath.Join(s.dir, tmpName)); len(left) != 0 {
		t.Errorf("tmp holds %v", left)
	}
	return there
}
