package codes_test

import (
	"errors"
	"testing"

	"dossier/xds/codes"
)

// FuzzLoad: any content is either a set of which every code passes, or faults with a place within the file; never both,
// never neither, and the same twice.
func FuzzLoad(f *testing.F) {
	f.Add(content(f, "testdata/codes.yaml"))
	f.Add(content(f, "testdata/codes.xml"))
	for _, c := range refused {
		f.Add([]byte(c.file))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := string(b)
		set, err := codes.Load("f", b)
		if string(b) != before {
			t.Fatal("the content was changed")
		}
		again, errAgain := codes.Load("f", b)
		if err != nil {
			var file *codes.FileError
			if set != nil || !errors.As(err, &file) || len(file.Faults) == 0 || errAgain == nil || err.Error() != errAgain.Error() {
				t.Fatalf("got %v and %v, then %v", set, err, errAgain)
			}
			for _, fault := range file.Faults {
				if fault.Line < 0 || fault.Line > len(b)+1 || fault.Column < 0 || fault.Column > len(b)+2 || fault.Message == "" {
					t.Fatalf("got %+v for %d bytes", fault, len(b))
				}
			}
			return
		}
		if len(set.Attributes()) == 0 || again.String() != set.String() {
			t.Fatalf("got %v, then %v", set, again)
		}
		for _, a := range set.Attributes() {
			if len(set.Codes(a)) == 0 {
				t.Fatalf("%s may have no value", a)
			}
			for _, c := range set.Codes(a) {
				if c.Code == "" || (c.Scheme == "") != isPlain(a) {
					t.Fatalf("%s: %q", a, c)
				}
				if got := set.Problems(carrying(a, c)); got != nil {
					t.Fatalf("a listed code is refused: %v", got)
				}
			}
		}
	})
}
