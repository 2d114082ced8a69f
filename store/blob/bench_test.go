package blob

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// pair runs what is measured and its floor in turns, because a shared disk swings more between two runs than they
// differ, and reports the median of both and of their ratio. ns/op is the sum of both.
func pair(b *testing.B, clients int, measured, floor func(client int) error) {
	b.Helper()
	var ms, fs, ratios []float64
	for b.Loop() {
		m := atOnce(b, clients, measured)
		f := atOnce(b, clients, floor)
		ms, fs, ratios = append(ms, m), append(fs, f), append(ratios, m/f)
	}
	b.ReportMetric(median(ms)*1e6, "µs")
	b.ReportMetric(median(fs)*1e6, "floor-µs")
	b.ReportMetric(median(ratios), "x-floor")
}

// atOnce returns the seconds that clients calls at once take.
func atOnce(b *testing.B, clients int, do func(client int) error) float64 {
	start := time.Now()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			if err := do(c); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return time.Since(start).Seconds()
}

func median(x []float64) float64 {
	slices.SortFunc(x, cmp.Compare)
	return x[len(x)/2]
}

func random(n int) []byte {
	p := make([]byte, n)
	rand.Read(p)
	return p
}

// writeDurably is the floor of Receive: the same pieces, fsyncs and rename, without hash and limit.
func writeDurably(tmp, path string, p []byte) error {
	f, err := os.Create(filepath.Join(tmp, rand.Text()))
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(p, chunkSize) {
		if _, err := f.Write(piece); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return osOps{}.syncDir(filepath.Dir(path))
}

// BenchmarkReceive receives into folders that exist, as in a store that has been filled for some time; "new folders"
// is a young one.
func BenchmarkReceive(b *testing.B) {
	for _, c := range []struct {
		name          string
		size, clients int
		fresh         bool
	}{
		{"10KB", 10_000, 1, false}, {"10KB/new folders", 10_000, 1, true}, {"10KB/8 clients", 10_000, 8, false},
		{"10KB/64 clients", 10_000, 64, false},
		{"1MB", 1 << 20, 1, false}, {"1MB/8 clients", 1 << 20, 8, false}, {"100MB", 100 << 20, 1, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, other := openBench(b), b.TempDir()
			contents := make([][]byte, c.clients)
			for i := range contents {
				contents[i] = random(c.size)
			}
			pair(b, c.clients, func(i int) error {
				if c.fresh {
					rand.Read(contents[i][:32])
				}
				_, err := Receive(b.Context(), s, bytes.NewReader(contents[i]), int64(c.size))
				return err
			}, func(i int) error {
				dir := filepath.Join(other, fmt.Sprint(i))
				if err := os.MkdirAll(dir, 0o700); err != nil {
					return err
				}
				return writeDurably(other, filepath.Join(dir, "blob"), contents[i])
			})
		})
	}
}

// BenchmarkSideHash copies to a file in the page cache; its floor hashes twice in one goroutine.
func BenchmarkSideHash(b *testing.B) {
	for _, size := range []int{1 << 20, 100 << 20} {
		b.Run(fmt.Sprintf("%dMB", size>>20), func(b *testing.B) {
			p, path := random(size), filepath.Join(b.TempDir(), "copy")
			into := func(copyTo func(io.Writer) error) func(int) error {
				return func(int) error {
					f, err := os.Create(path)
					if err != nil {
						return err
					}
					return errors.Join(copyTo(f), f.Close())
				}
			}
			pair(b, 1, into(func(w io.Writer) error {
				_, err := copyHashed(b.Context(), w, bytes.NewReader(p), int64(size))
				return err
			}), into(func(w io.Writer) error {
				_, err := io.CopyBuffer(io.MultiWriter(sha1.New(), sha256.New(), w), bareReader(p), make([]byte, chunkSize))
				return err
			}))
		})
	}
}

// bareReader hides the WriteTo of a bytes.Reader, which would hand over all in one piece.
func bareReader(p []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(p)} }

func openBench(b *testing.B) *FS {
	b.Helper()
	s, err := OpenFS(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// sink is a peer that takes everything and offers io.Copy no shortcut.
type sink struct{}

func (sink) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkOpenVerified reads from the page cache; the floor reads the same file unverified.
func BenchmarkOpenVerified(b *testing.B) {
	const ahead = 1 << 20
	for _, c := range []struct {
		name string
		size int
	}{{"10KB", 10_000}, {"1MB", 1 << 20}, {"100MB", 100 << 20}} {
		b.Run(c.name, func(b *testing.B) {
			s := openBench(b)
			d, err := Receive(b.Context(), s, bytes.NewReader(random(c.size)), int64(c.size))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			pair(b, 1, func(int) error {
				r, err := OpenVerified(b.Context(), s, d.Ref, ahead)
				return drain(r, err)
			}, func(int) error {
				r, err := s.Open(b.Context(), d.Ref)
				return drain(r, err)
			})
		})
	}
}

func drain(r io.ReadCloser, err error) error {
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(sink{}, r)
	return err
}
