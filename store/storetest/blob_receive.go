package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"testing"
	"testing/iotest"

	"dossier/store/blob"
)

func blobRoundTrip(t *testing.T, s blob.Store) {
	for _, n := range []int{0, 1, 10_000, chunk - 1, chunk, chunk + 1, 5*chunk + 7} {
		p := content(1, n)
		for name, src := range map[string]io.Reader{
			"whole":         bytes.NewReader(p),
			"byte by byte":  iotest.OneByteReader(bytes.NewReader(p)),
			"end with data": iotest.DataErrReader(bytes.NewReader(p)),
		} {
			got, err := blob.Receive(t.Context(), s, src, math.MaxInt64)
			if want := digestOf(p); err != nil || got != want {
				t.Errorf("Receive of %d bytes, %s: got %v %s, %v; want %v %s", n, name,
					got, got.SHA1Hex(), err, want, want.SHA1Hex())
			}
		}
		wantContent(t, s, p)
	}
}

func blobLimit(t *testing.T, s blob.Store) {
	for i, c := range []struct {
		size  int
		limit int64
		want  error
	}{
		{0, 0, nil}, {1, 1, nil}, {chunk, chunk, nil}, {3*chunk + 1, 3*chunk + 1, nil}, {5, math.MaxInt64, nil},
		{1, 0, blob.ErrTooLarge}, {2, 1, blob.ErrTooLarge}, {chunk + 1, chunk, blob.ErrTooLarge},
		{3*chunk + 2, 3*chunk + 1, blob.ErrTooLarge}, {3 * chunk, 1, blob.ErrTooLarge}, {0, -1, blob.ErrTooLarge},
	} {
		t.Run(fmt.Sprintf("%d of %d", c.size, c.limit), func(t *testing.T) {
			p := content(uint64(200+i), c.size)
			src, before := bytes.NewReader(p), len(received(t, s))
			_, err := blob.Receive(t.Context(), s, src, c.limit)
			wantError(t, "Receive", err, c.want)
			if c.want == nil {
				wantContent(t, s, p)
				return
			}
			if after := len(received(t, s)); after != before {
				t.Errorf("%d blobs after the refusal, want %d as before", after, before)
			}
			if read := src.Size() - int64(src.Len()); read > c.limit+1 && c.limit >= 0 {
				t.Errorf("%d bytes read of the source, want at most one beyond the limit %d", read, c.limit)
			}
		})
	}
}

func blobSourceError(t *testing.T, s blob.Store) {
	broken := errors.New("connection reset")
	for _, c := range []struct {
		after int
		err   error
	}{
		{0, broken}, {1, broken}, {chunk, broken}, {2*chunk + 5, broken},
		{1, io.ErrUnexpectedEOF}, {2*chunk + 5, io.ErrUnexpectedEOF}, // a torn MIME part, not an end
	} {
		src := io.MultiReader(bytes.NewReader(content(3, c.after)), iotest.ErrReader(c.err))
		_, err := blob.Receive(t.Context(), s, src, math.MaxInt64)
		wantError(t, fmt.Sprintf("Receive, source broken after %d bytes", c.after), err, c.err)
		if se := (*blob.SourceError)(nil); !errors.As(err, &se) {
			t.Errorf("Receive: got %T, want a SourceError", err)
		}
	}
	_, err := blob.Receive(t.Context(), s, silent{}, math.MaxInt64)
	wantError(t, "Receive from a source that yields nothing", err, io.ErrNoProgress)
	wantEmpty(t, s)
}

// silent yields neither bytes nor an end.
type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

func blobCancelled(t *testing.T, s blob.Store) {
	for _, n := range []int{0, 1, chunk, chunk + 1, 3 * chunk} {
		for _, after := range []int{0, n / 2, n} {
			ctx, cancel := context.WithCancel(t.Context())
			src := io.MultiReader(bytes.NewReader(content(4, after)), canceller(cancel), bytes.NewReader(content(5, n-after)))
			_, err := blob.Receive(ctx, s, src, math.MaxInt64)
			wantError(t, fmt.Sprintf("Receive of %d bytes cancelled after %d", n, after), err, context.Canceled)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	rest := bytes.NewReader(content(5, 8*chunk))
	_, err := blob.Receive(ctx, s, io.MultiReader(canceller(cancel), rest), math.MaxInt64)
	if wantError(t, "Receive", err, context.Canceled); rest.Len() < 7*chunk {
		t.Errorf("%d bytes read after the context was cancelled, want one chunk at most", 8*chunk-rest.Len())
	}
	wantEmpty(t, s)

	ctx, cancel = context.WithCancel(t.Context())
	d := receive(t, s, content(6, 2*chunk))
	r, err := blob.OpenVerified(ctx, s, d.Ref, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cancel()
	_, err = io.Copy(io.Discard, r)
	wantError(t, "Read", err, context.Canceled)
	_, err = s.Create(ctx)
	wantError(t, "Create", err, context.Canceled)
	_, err = blob.OpenVerified(ctx, s, d.Ref, math.MaxInt64)
	wantError(t, "OpenVerified", err, context.Canceled)
	_, err = s.Remove(ctx, d.Ref, farFuture)
	wantError(t, "Remove", err, context.Canceled)
	wantError(t, "Walk", s.Walk(ctx, ignore), context.Canceled)
}

// canceller is an empty source that cancels a context when it is read.
type canceller context.CancelFunc

func (c canceller) Read([]byte) (int, error) {
	c()
	return 0, io.EOF
}

func blobUpload(t *testing.T, s blob.Store) {
	p := content(7, 3000)
	d := digestOf(p)
	up, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := up.Write(p); err != nil {
		t.Fatal(err)
	}
	wantEmpty(t, s)
	if err := up.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	wantError(t, "Abort after Commit", up.Abort(), nil)
	wantContent(t, s, p)
	if up.Commit(t.Context(), d) == nil {
		t.Error("a second Commit succeeded")
	}

	up, err = s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "Abort", up.Abort(), nil)
	wantError(t, "second Abort", up.Abort(), nil)
	if _, err := up.Write(p); err == nil {
		t.Error("Write after Abort succeeded")
	}
	if up.Commit(t.Context(), digestOf(nil)) == nil {
		t.Error("Commit after Abort succeeded")
	}
	if all := received(t, s); len(all) != 1 {
		t.Errorf("store holds %v, want the one blob committed", all)
	}
}

func blobTwice(t *testing.T, s blob.Store) {
	p := content(8, 2*chunk)
	first := receive(t, s, p)
	before := received(t, s)
	if second := receive(t, s, p); second != first {
		t.Errorf("second Receive: got %v, want %v", second, first)
	}
	after := received(t, s)
	if len(after) != 1 || !after[first.Ref].After(before[first.Ref]) {
		t.Errorf("received: got %v, want one blob, later than %v", after, before)
	}
	wantContent(t, s, p)
}

func blobAtOnce(t *testing.T, s blob.Store) {
	p := content(9, chunk+1)
	want := digestOf(p)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			got, err := blob.Receive(t.Context(), s, bytes.NewReader(p), int64(len(p)))
			if err != nil || got != want {
				t.Errorf("Receive: got %v, %v; want %v", got, err, want)
				return
			}
			back, err := read(t.Context(), s, got.Ref, 0)
			if err != nil || !bytes.Equal(back, p) {
				t.Errorf("read: got %d bytes, %v", len(back), err)
			}
		})
	}
	wg.Wait()
	if all := received(t, s); len(all) != 1 {
		t.Errorf("store holds %d blobs, want 1", len(all))
	}
}
