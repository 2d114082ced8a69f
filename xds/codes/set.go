package codes

import (
	"bytes"
	"fmt"
	"slices"

	"dossier/xds"
)

// MaxFile is the largest file that is read: 8 MiB, room for 100,000 codes.
const MaxFile = 8 << 20

// Set is the code sets of an affinity domain. It never changes and may be used by many goroutines.
type Set struct {
	lists map[Attribute]*list
}

// list is the values of one attribute.
type list struct {
	codes    []xds.Code // in the order of the file; Scheme is "" for plain values
	position map[value]int
	same     map[string][]int // positions by code, whatever the scheme
	near     []folded         // for suggestions, parallel to codes
}

// value is what makes codes equal.
type value struct{ code, scheme string }

func newList() *list { return &list{position: map[value]int{}, same: map[string][]int{}} }

// add appends a code; ok is false when it is there already.
func (l *list) add(c xds.Code) (ok bool) {
	v := value{c.Code, c.Scheme}
	if _, twice := l.position[v]; twice {
		return false
	}
	n := len(l.codes)
	l.position[v] = n
	l.same[c.Code] = append(l.same[c.Code], n)
	l.codes = append(l.codes, c)
	l.near = append(l.near, fold(c))
	return true
}

// Load reads code sets from a file's content, YAML or codes.xml as the package comment describes them. name stands for the
// file in errors, which are of type *FileError and list all faults at once; b is not kept.
func Load(name string, b []byte) (*Set, error) {
	var f faults
	s := &Set{lists: map[Attribute]*list{}}
	switch {
	case len(b) > MaxFile:
		f.add(0, 0, "expected at most %d bytes, got %d", MaxFile, len(b))
	case looksLikeXML(b):
		s.readXML(bytes.Clone(b), &f)
	default:
		s.readYAML(b, &f)
	}
	if err := f.err(name); err != nil {
		return nil, err
	}
	return s, nil
}

// looksLikeXML looks at the first character, in any of the encodings that XML comes in.
func looksLikeXML(b []byte) bool {
	b = bytes.TrimPrefix(bytes.TrimPrefix(b, []byte("\xff\xfe")), []byte("\xfe\xff"))
	return bytes.HasPrefix(bytes.TrimLeft(b, "\ufeff\x00 \t\r\n"), []byte("<"))
}

// Has tells whether the attribute may have the value: it is listed, or the attribute has no list. Plain attributes
// (mimeType, languageCode) have no scheme.
func (s *Set) Has(a Attribute, c xds.Code) bool {
	l := s.lists[a]
	if l == nil {
		return true
	}
	_, ok := l.position[value{c.Code, c.Scheme}]
	return ok
}

// Attributes lists the attributes that have a list, DocumentEntry first.
func (s *Set) Attributes() []Attribute {
	var out []Attribute
	for _, d := range definitions {
		if s.lists[d.attribute] != nil {
			out = append(out, d.attribute)
		}
	}
	return out
}

// Codes lists the values that the attribute may have, in the order of the file; none when it is not restricted.
func (s *Set) Codes(a Attribute) []xds.Code {
	if l := s.lists[a]; l != nil {
		return slices.Clone(l.codes)
	}
	return nil
}

// String counts, for the log.
func (s *Set) String() string {
	n := 0
	for _, l := range s.lists {
		n += len(l.codes)
	}
	return fmt.Sprintf("%d codes of %d attributes", n, len(s.lists))
}
