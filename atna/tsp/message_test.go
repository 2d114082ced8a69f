package tsp

import "testing"

// FuzzAnswer: no bytes make the reader of answers panic, and what it takes for a token is part of them.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte{0x30, 5, 0x30, 3, 2, 1, 0})
	f.Add([]byte{0x30, 11, 0x30, 9, 2, 1, 2, 3, 4, 0, 0, 0, 1})
	f.Add([]byte{0x30, 15, 0x30, 3, 2, 1, 0, 0x30, 8, 6, 2, 0x29, 1, 0xa0, 2, 5, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		token, err := tokenOf(b)
		if err != nil {
			return
		}
		if len(token) == 0 || len(token) > len(b) {
			t.Errorf("%x: token %x", b, token)
		}
		if _, _, err := open(token); err == nil && len(token) < 50 {
			t.Errorf("%x is a token", token)
		}
	})
}
