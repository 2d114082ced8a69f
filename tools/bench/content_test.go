package main

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// TestContentIsTheSameHoweverRead compares odd reads with one whole read.
func TestContentIsTheSameHoweverRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := content{rapid.Uint64().Draw(t, "seed"), rapid.Int64Range(0, 3*contentBlock).Draw(t, "size")}
		want, err := io.ReadAll(c.reader())
		if err != nil || int64(len(want)) != c.size {
			t.Fatalf("got %d bytes, %v; want %d", len(want), err, c.size)
		}
		var got bytes.Buffer
		buf := make([]byte, rapid.IntRange(1, 2*contentBlock).Draw(t, "buffer"))
		if _, err := io.CopyBuffer(struct{ io.Writer }{&got}, c.reader(), buf); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("%d bytes in pieces of %d differ from those read at once (%v)", got.Len(), len(buf), err)
		}
	})
}

func TestContentReader(t *testing.T) {
	t.Parallel()
	c := content{seed: 3, size: contentBlock + 100}
	want, err := io.ReadAll(c.reader())
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(c.reader(), want); err != nil {
		t.Error(err)
	}
}

// TestContentsShareNothing: a store that keeps equal bytes once must not get away with less work.
func TestContentsShareNothing(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range uint64(3) {
		all, err := io.ReadAll(content{seed, 4 * contentBlock}.reader())
		if err != nil {
			t.Fatal(err)
		}
		for ; len(all) > 0; all = all[contentBlock:] {
			block := string(all[:contentBlock])
			if seen[block] {
				t.Fatal("one block twice")
			}
			seen[block] = true
		}
	}
	a, err := content{1, 10}.sum()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := (content{1, 11}).sum(); err != nil || a == b {
		t.Errorf("sums of different contents are equal (%v)", err)
	}
}
