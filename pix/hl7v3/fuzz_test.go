package hl7v3_test

import (
	"bytes"
	"reflect"
	"testing"

	"dossier/internal/xmlwire"
)

// FuzzDecode: no message makes the decoder fail, and whatever is read can be written, read and written again without a change.
func FuzzDecode(f *testing.F) {
	for _, s := range samples() {
		f.Add(encode(f, s.message))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := xmlwire.Parse(b, xmlwire.Limits{})
		if err != nil {
			return
		}
		message := decode(doc)
		if message == nil {
			return
		}
		if j, ok := message.(judged); ok {
			j.Problems()
		}
		once := encode(t, message)
		again := decode(parse(t, bytes.Clone(once)))
		if twice := encode(t, again); !bytes.Equal(once, twice) || reflect.TypeOf(message) != reflect.TypeOf(again) {
			t.Errorf("written\n%s\nthen\n%s", once, twice)
		}
	})
}
