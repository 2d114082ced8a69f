package atna

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// chain makes n links and a checkpoint, not signed, at every fifth.
func chain(n int) (links []Link, checkpoints []Checkpoint) {
	var c Chain
	for i := range n {
		links = append(links, c.Next(time.Unix(int64(i), 7), fmt.Appendf(nil, "message %d", i+1)))
		if (i+1)%5 == 0 {
			checkpoints = append(checkpoints, Checkpoint{Number: c.Number, Hash: c.Hash})
		}
	}
	return links, checkpoints
}

func verify(links []Link, checkpoints []Checkpoint) []string {
	v := NewVerifier(Chain{}, checkpoints)
	for _, l := range links {
		v.Add(l)
	}
	var out []string
	for _, f := range v.Finish() {
		out = append(out, f.String())
	}
	return out
}

// renumber gives the links the numbers of their places, as a database would that was tampered with carefully.
func renumber(links []Link) []Link {
	for i := range links {
		links[i].Number = int64(i + 1)
	}
	return links
}

// rehash makes the chain anew from place i on.
func rehash(links []Link, i int) []Link {
	c := Chain{}
	if i > 0 {
		c = Chain{links[i-1].Number, links[i-1].Hash}
	}
	for ; i < len(links); i++ {
		links[i] = c.Next(links[i].Stored, links[i].Message)
	}
	return links
}

// TestVerifierNames which event was touched, and how.
func TestVerifierNames(t *testing.T) {
	t.Parallel()
	forge := func(l Link) Link {
		l.Message = []byte("forged")
		l.Hash = l.sum(l.Number)
		return l
	}
	for name, c := range map[string]struct {
		tamper func([]Link) []Link
		want   []string
	}{
		"nothing":        {func(l []Link) []Link { return l }, nil},
		"delete":         {func(l []Link) []Link { return slices.Delete(l, 6, 7) }, []string{"event 7 was deleted"}},
		"delete first":   {func(l []Link) []Link { return slices.Delete(l, 0, 1) }, []string{"event 1 was deleted"}},
		"delete three":   {func(l []Link) []Link { return slices.Delete(l, 6, 9) }, []string{"events 7 to 9 were deleted"}},
		"cut the tail":   {func(l []Link) []Link { return l[:17] }, []string{"events 18 to 20 were deleted"}},
		"delete all":     {func(l []Link) []Link { return nil }, []string{"events 1 to 20 were deleted"}},
		"delete, number": {func(l []Link) []Link { return renumber(slices.Delete(l, 6, 7)) }, []string{"event 7 was deleted"}},
		"delete, rehash": {func(l []Link) []Link { return rehash(renumber(slices.Delete(l, 6, 7)), 6) },
			[]string{"events 6 to 10 were rewritten: the checkpoint at 10 contradicts them", "events 11 to 15 were rewritten: the checkpoint at 15 contradicts them", "event 20 was deleted"}},
		"edit message": {func(l []Link) []Link { l[6].Message = []byte("nothing happened"); return l }, []string{"event 7 was edited"}},
		"edit time":    {func(l []Link) []Link { l[6].Stored = l[6].Stored.Add(1); return l }, []string{"event 7 was edited"}},
		"edit hash":    {func(l []Link) []Link { l[6].Hash[0]++; return l }, []string{"event 7 was edited"}},
		"edit last":    {func(l []Link) []Link { l[19].Message = nil; return l }, []string{"event 20 was edited"}},
		"edit three":   {func(l []Link) []Link { l[6].Message, l[7].Message, l[12].Message = nil, nil, nil; return l }, []string{"event 7 was edited", "event 8 was edited", "event 13 was edited"}},
		"edit, hash":   {func(l []Link) []Link { l[6] = forge(l[6]); return l }, []string{"event 7 was edited"}},
		"edit, rehash": {func(l []Link) []Link { l[6].Message = nil; return rehash(l, 6) },
			[]string{"events 6 to 10 were rewritten: the checkpoint at 10 contradicts them", "events 11 to 15 were rewritten: the checkpoint at 15 contradicts them", "events 16 to 20 were rewritten: the checkpoint at 20 contradicts them"}},
		"insert":           {func(l []Link) []Link { return renumber(slices.Insert(l, 6, Link{Message: []byte("x")})) }, []string{"event 7 was inserted"}},
		"insert sound one": {func(l []Link) []Link { return renumber(slices.Insert(l, 6, forge(l[6]))) }, []string{"event 7 was inserted"}},
		"insert a copy":    {func(l []Link) []Link { return renumber(slices.Insert(l, 6, l[3])) }, []string{"event 7 was inserted"}},
		"append":           {func(l []Link) []Link { return append(l, Link{Number: 21, Message: []byte("x")}) }, []string{"event 21 was edited"}},
		"far apart": {func(l []Link) []Link {
			l[6].Message = nil
			far := Link{Number: 1 << 60, Message: []byte("x")}
			far.Hash = far.sum(far.Number)
			return append(l, far)
		}, []string{"event 7 was edited", "events 21 to 1152921504606846975 were deleted"}},
		"far apart, edited before": {func(l []Link) []Link {
			l[19].Message = nil
			far := Link{Number: 1 << 60, Message: []byte("x")}
			far.Hash = far.sum(far.Number)
			return append(l, far)
		}, []string{"event 20 was edited", "events 21 to 1152921504606846975 were deleted"}},
		"swap": {func(l []Link) []Link { l[6], l[7] = l[7], l[6]; return renumber(l) }, []string{"event 8 was moved: it was recorded as number 7"}},
		"move": {func(l []Link) []Link { x := l[3]; return renumber(slices.Insert(slices.Delete(l, 3, 4), 9, x)) }, []string{"event 10 was moved: it was recorded as number 4"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			links, checkpoints := chain(20)
			if got := verify(c.tamper(links), checkpoints); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// TestVerifierMissesNothing: whatever is done to a chain, something is found as soon as it is no longer the same.
func TestVerifierMissesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		links, checkpoints := chain(20)
		sound := slices.Clone(links)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			if len(links) == 0 {
				break
			}
			i := rapid.IntRange(0, len(links)-1).Draw(t, "place")
			j := rapid.IntRange(0, len(links)-1).Draw(t, "other")
			switch rapid.SampledFrom([]string{"delete", "insert", "swap", "edit", "forge", "number", "rehash"}).Draw(t, "change") {
			case "delete":
				links = slices.Delete(links, i, i+1)
			case "insert":
				links = slices.Insert(links, i, links[j])
			case "swap":
				links[i], links[j] = links[j], links[i]
			case "edit":
				links[i].Message = []byte("edited")
			case "forge":
				links[i].Message = []byte("forged")
				links[i].Hash = links[i].sum(links[i].Number)
			case "number":
				renumber(links)
			case "rehash":
				rehash(renumber(links), i)
			}
		}
		same := slices.EqualFunc(links, sound, func(a, b Link) bool {
			return a.Hash == b.Hash && a.Number == b.Number && string(a.Message) == string(b.Message)
		})
		if found := verify(links, checkpoints); same != (len(found) == 0) {
			t.Fatalf("same %v, found %q", same, found)
		}
	})
}

// TestVerifierAfterRetention starts at a checkpoint.
func TestVerifierAfterRetention(t *testing.T) {
	t.Parallel()
	links, checkpoints := chain(20)
	v := NewVerifier(Chain{checkpoints[1].Number, checkpoints[1].Hash}, checkpoints)
	for _, l := range links[10:] {
		v.Add(l)
	}
	if found := v.Finish(); len(found) > 0 || v.Count() != 10 {
		t.Errorf("%d links, found %v", v.Count(), found)
	}
	v = NewVerifier(Chain{checkpoints[1].Number, Hash{}}, checkpoints)
	for _, l := range links[10:] {
		v.Add(l)
	}
	if found := v.Finish(); len(found) == 0 {
		t.Error("another anchor, and nothing found")
	}
}

func pemKey(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := []crypto.Signer{ed, ec}
	for i, key := range keys {
		k, err := ParseSigningKey(pemKey(t, key))
		if err != nil {
			t.Fatal(err)
		}
		c, err := k.Sign(Chain{7, Hash{1}}, at)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Verify(k.Public()); err != nil {
			t.Error(err)
		}
		for name, change := range map[string]func(*Checkpoint){
			"number": func(c *Checkpoint) { c.Number++ }, "hash": func(c *Checkpoint) { c.Hash[3]++ }, "time": func(c *Checkpoint) { c.Time = c.Time.Add(time.Second) },
			"key": func(c *Checkpoint) { c.Key = "00" }, "signature": func(c *Checkpoint) { c.Signature = slices.Clone(c.Signature); c.Signature[9] ^= 1 },
			"no signature": func(c *Checkpoint) { c.Signature = nil },
		} {
			changed := c
			change(&changed)
			if changed.Verify(k.Public()) == nil {
				t.Errorf("%T: verifies with another %s", key, name)
			}
		}
		for j, other := range keys {
			if i != j && c.Verify(other.Public()) == nil {
				t.Errorf("%T: verifies with the key of another", key)
			}
		}
	}
}

func TestSigningKeyRefused(t *testing.T) {
	t.Parallel()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"RSA": pemKey(t, r), "P-384": pemKey(t, p384), "no PEM": []byte("key"),
		"no key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}),
	} {
		if _, err := ParseSigningKey(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
