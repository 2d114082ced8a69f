package xmlwire

// slabs hands out nodes from few large allocations. Each list doubles until a slab reaches its largest size, so a
// small document allocates little and a refused one has not allocated much.
type slabs struct {
	elements []Element
	attrs    []Attr // free and used attributes of the current slab
	open     []Attr // attributes of the start tag being read, the end of attrs
	bytes    []byte
}

const (
	firstElements, mostElements = 32, 1024
	firstAttrs, mostAttrs       = 32, 1024
	firstBytes, mostBytes       = 512, 32 << 10
)

func (s *slabs) element() *Element {
	if len(s.elements) == cap(s.elements) {
		s.elements = make([]Element, 0, min(max(firstElements, 2*cap(s.elements)), mostElements))
	}
	s.elements = s.elements[:len(s.elements)+1]
	return &s.elements[len(s.elements)-1]
}

// attr adds an attribute to the start tag being read.
func (s *slabs) attr(a Attr) {
	if len(s.attrs)+len(s.open) == cap(s.attrs) {
		n := min(max(firstAttrs, 2*cap(s.attrs)), mostAttrs)
		s.attrs = make([]Attr, 0, max(n, 2*len(s.open)))
		s.open = append(s.attrs, s.open...)
	}
	if s.open == nil {
		s.open = s.attrs[len(s.attrs):]
	}
	s.open = append(s.open, a)
}

// closeAttrs ends the list of the start tag being read and returns it, without room to append.
func (s *slabs) closeAttrs() []Attr {
	list := s.open[:len(s.open):len(s.open)]
	s.attrs = s.attrs[:len(s.attrs)+len(list)]
	s.open = nil
	return list
}

// unescape returns checked text normalised. Normal text is never longer than what was written.
func (s *slabs) unescape(raw string, kind textKind) string {
	if cap(s.bytes)-len(s.bytes) < len(raw) {
		n := min(max(firstBytes, 2*cap(s.bytes)), mostBytes)
		s.bytes = make([]byte, 0, max(n, len(raw)))
	}
	from := len(s.bytes)
	s.bytes = appendNormal(s.bytes, raw, kind)
	return alias(s.bytes[from:])
}
