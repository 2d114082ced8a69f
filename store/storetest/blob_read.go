package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"dossier/store/blob"
)

func flipped(p []byte, at int) []byte {
	p = bytes.Clone(p)
	p[at] ^= 0x10
	return p
}

func blobDamage(t *testing.T, s blob.Store) {
	for _, n := range []int{1, 5000, chunk, 3*chunk + 9} {
		p := content(10, n)
		d := digestOf(p)
		for name, stored := range map[string][]byte{
			"first byte":  flipped(p, 0),
			"middle byte": flipped(p, n/2),
			"last byte":   flipped(p, n-1),
			"truncated":   p[:n-1],
			"half":        p[:n/2],
			"empty":       {},
			"longer":      append(bytes.Clone(p), 0),
			"much longer": append(bytes.Clone(p), p...),
		} {
			plant(t, s, d, stored)
			what := fmt.Sprintf("%s of %d", name, n)
			if r, err := blob.OpenVerified(t.Context(), s, d.Ref, int64(n)); err == nil {
				r.Close()
				t.Errorf("%s: OpenVerified that reads ahead succeeded, want ErrCorrupt", what)
			} else {
				wantCorrupt(t, what, err, d.Ref)
			}
			for _, in := range []func(io.Reader) io.Reader{unchanged, iotest.OneByteReader, onlyReader} {
				wantWithheld(t, what, s, d.Ref, p, in)
			}
		}
	}
}

func unchanged(r io.Reader) io.Reader { return r }

// onlyReader hides WriteTo from io.Copy.
func onlyReader(r io.Reader) io.Reader { return struct{ io.Reader }{r} }

// wantWithheld reads a damaged blob as a stream: it must break off before the last chunk.
func wantWithheld(t *testing.T, what string, s blob.Store, ref blob.Ref, whole []byte, in func(io.Reader) io.Reader) {
	t.Helper()
	r, err := blob.OpenVerified(t.Context(), s, ref, ref.Size-1)
	if err != nil {
		t.Errorf("%s: OpenVerified that streams: %v", what, err)
		return
	}
	defer r.Close()
	var got bytes.Buffer
	_, err = io.Copy(&got, in(r))
	wantCorrupt(t, what, err, ref)
	if most := max(0, len(whole)-chunk); got.Len() > most {
		t.Errorf("%s: %d of %d bytes delivered, want at most %d", what, got.Len(), len(whole), most)
	}
	if n, err := r.Read(make([]byte, 10)); n != 0 || !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("%s: Read after the error: got %d bytes, %v; want the same error", what, n, err)
	}
}

func wantCorrupt(t *testing.T, what string, err error, ref blob.Ref) {
	t.Helper()
	wantError(t, what, err, blob.ErrCorrupt)
	var ce *blob.CorruptError
	if !errors.As(err, &ce) || ce.Ref != ref || !strings.Contains(ce.Error(), ref.String()) {
		t.Errorf("%s: got %v, want a CorruptError that names %s", what, err, ref)
	}
}

func blobHeal(t *testing.T, s blob.Store) {
	p := content(11, 2*chunk)
	plant(t, s, digestOf(p), flipped(p, 77))
	receive(t, s, p)
	wantContent(t, s, p)
}

func blobMissing(t *testing.T, s blob.Store) {
	receive(t, s, content(12, 10))
	ref := digestOf(content(13, 10)).Ref
	_, err := s.Open(t.Context(), ref)
	wantError(t, "Open", err, blob.ErrNotFound)
	for _, ahead := range []int64{0, math.MaxInt64} {
		_, err = blob.OpenVerified(t.Context(), s, ref, ahead)
		wantError(t, "OpenVerified", err, blob.ErrNotFound)
	}
	if gone, err := s.Remove(t.Context(), ref, farFuture); gone || err != nil {
		t.Errorf("Remove: got %v, %v; want false and no error", gone, err)
	}
}

// farFuture is after every received time.
var farFuture = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

func ignore(blob.Ref, time.Time) error { return nil }

func blobWalk(t *testing.T, s blob.Store) {
	wantEmpty(t, s)
	want := map[blob.Ref]bool{}
	start := time.Now()
	for i := range 40 {
		want[receive(t, s, content(uint64(100+i), i*100)).Ref] = true
	}
	all := received(t, s)
	if len(all) != len(want) {
		t.Errorf("Walk met %d blobs, want %d", len(all), len(want))
	}
	for ref, at := range all {
		if !want[ref] {
			t.Errorf("Walk met %s of %d bytes, which nobody stored", ref, ref.Size)
		}
		if at.Before(start.Add(-time.Minute)) || at.After(time.Now().Add(time.Minute)) {
			t.Errorf("Walk: %s received at %v, want about %v", ref, at, start)
		}
	}
	enough, calls := errors.New("enough"), 0
	err := s.Walk(t.Context(), func(blob.Ref, time.Time) error {
		calls++
		return enough
	})
	if err != enough || calls != 1 {
		t.Errorf("Walk with a failing function: got %v after %d calls, want that error after one", err, calls)
	}
	err = s.Walk(t.Context(), func(ref blob.Ref, _ time.Time) error {
		_, err := s.Remove(t.Context(), ref, farFuture)
		return err
	})
	wantError(t, "Walk that removes", err, nil)
	wantEmpty(t, s)
}

func blobRemove(t *testing.T, s blob.Store) {
	p := content(14, 100)
	ref := receive(t, s, p).Ref
	other := receive(t, s, content(15, 100)).Ref
	at := received(t, s)[ref]
	for _, c := range []struct {
		before time.Time
		want   bool
	}{
		{time.Time{}, false}, {at.Add(-time.Hour), false}, {at, false}, {at.Add(1), true}, {farFuture, false},
	} {
		got, err := s.Remove(t.Context(), ref, c.before)
		if got != c.want || err != nil {
			t.Errorf("Remove if before %v, received %v: got %v, %v; want %v", c.before, at, got, err, c.want)
		}
	}
	_, err := s.Open(t.Context(), ref)
	wantError(t, "Open after Remove", err, blob.ErrNotFound)
	if _, ok := received(t, s)[other]; !ok {
		t.Error("Remove took another blob too")
	}
	receive(t, s, p)
	wantContent(t, s, p)
}

func blobRemoveWhileRead(t *testing.T, s blob.Store) {
	p := content(16, 4*chunk)
	ref := receive(t, s, p).Ref
	r, err := blob.OpenVerified(t.Context(), s, ref, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head := make([]byte, 10)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	if gone, err := s.Remove(t.Context(), ref, farFuture); !gone || err != nil {
		t.Fatalf("Remove: got %v, %v", gone, err)
	}
	rest, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(append(head, rest...), p) {
		t.Errorf("reading on: got %d bytes, %v; want %d", len(head)+len(rest), err, len(p))
	}
}
