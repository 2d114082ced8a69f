package sqldb

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dossier/store/storetest"
)

// TestDictionaryIsForever: rows that were packed with a dictionary can be read with no other.
func TestDictionaryIsForever(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256(dictionary1)
	if got, want := hex.EncodeToString(sum[:]), "b9930997f3f22b08441392acca414f7ce6b74837fdf021d1cb3e14adf7f35047"; got != want {
		t.Errorf("dictionary 1 has SHA-256 %s, want %s: add a new one with a new codec instead", got, want)
	}
}

func TestPackComesBack(t *testing.T) {
	t.Parallel()
	p := newPacker()
	s := storetest.Submit(storetest.CX("A"))
	s.Entry()
	entry := s.Registration().Entries[0].Fragment()
	rapid.Check(t, func(t *rapid.T) {
		fragment := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.Just(entry), rapid.Map(rapid.IntRange(1, 200_000), func(n int) []byte {
			return bytes.Repeat([]byte("a fragment of some length, "), n/27+1)[:n]
		})).Draw(t, "fragment")
		codec, packed := p.pack(fragment)
		got, err := p.unpack([]byte("before "), codec, packed)
		if err != nil || string(got) != "before "+string(fragment) {
			t.Fatalf("got %d bytes and error %v, want %d", len(got), err, len(fragment)+7)
		}
		if size := unpackedSize(codec, packed); size != len(fragment) {
			t.Fatalf("size: got %d, want %d", size, len(fragment))
		}
	})
	if _, packed := p.pack(entry); len(packed) > len(entry)/4 {
		t.Errorf("an entry of %d bytes is packed into %d, want a quarter at most", len(entry), len(packed))
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	p := newPacker()
	_, packed := p.pack(bytes.Repeat([]byte("0123456789"), 100))
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-1] ^= 1
	for name, c := range map[string]struct {
		codec  int
		packed []byte
		want   string
	}{
		"unknown codec": {7, packed, "codec 7 is not known"},
		"cut off":       {codecZstd, packed[:len(packed)-1], "stored fragment"},
		"flipped bit":   {codecZstd, flipped, "stored fragment"},
		"no frame":      {codecZstd, []byte("<rim:ExtrinsicObject/>"), "stored fragment"},
	} {
		got, err := p.unpack([]byte("x"), c.codec, c.packed)
		if err == nil || !strings.Contains(err.Error(), c.want) || string(got) != "x" {
			t.Errorf("%s: got %q and error %v, want an error with %q", name, got, err, c.want)
		}
	}
	if got, err := p.unpack(nil, codecRaw, []byte("as it is")); err != nil || string(got) != "as it is" {
		t.Errorf("raw: got %q and error %v", got, err)
	}
}
