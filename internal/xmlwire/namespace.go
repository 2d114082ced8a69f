package xmlwire

import "hash/maphash"

const (
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace = "http://www.w3.org/2000/xmlns/"
)

// binding is one namespace declaration. The bindings in scope form a list from the innermost outwards; its head
// stands for the whole set, so two elements with the same head have the same namespaces.
type binding struct {
	prefix, uri string
	outer       *binding // next binding outwards
	shadow      *binding // next in the same bucket of the parser
	bucket      uint8
}

// The xml prefix is bound without being declared (Namespaces in XML 1.0 section 3).
var predeclared = &binding{prefix: "xml", uri: xmlSpace}

// scopes finds the binding of a prefix in constant time however many are in scope. The seed keeps a sender from
// choosing prefixes that fall into one bucket.
type scopes struct {
	head    *binding
	seed    maphash.Seed
	buckets [256]*binding
	slab    []binding
}

func (s *scopes) bucket(prefix string) uint8 {
	if prefix == "" {
		return 0
	}
	return uint8(maphash.String(s.seed, prefix) % uint64(len(s.buckets)))
}

func (s *scopes) declare(prefix, uri string) {
	if len(s.slab) == cap(s.slab) {
		s.slab = make([]binding, 0, min(max(8, 2*cap(s.slab)), 512))
	}
	n := s.bucket(prefix)
	s.slab = append(s.slab, binding{prefix: prefix, uri: uri, outer: s.head, shadow: s.buckets[n], bucket: n})
	s.head = &s.slab[len(s.slab)-1]
	s.buckets[n] = s.head
}

// leave ends the scope of everything declared since head was the innermost binding.
func (s *scopes) leave(head *binding) {
	for b := s.head; b != head; b = b.outer {
		s.buckets[b.bucket] = b.shadow
	}
	s.head = head
}

// lookup returns the namespace of a prefix; the default namespace of "" is "" when nothing was declared.
func (s *scopes) lookup(prefix string) (string, bool) {
	for b := s.buckets[s.bucket(prefix)]; b != nil; b = b.shadow {
		if b.prefix == prefix {
			return b.uri, true
		}
	}
	if prefix == "xml" {
		return xmlSpace, true
	}
	return "", prefix == ""
}

// declaredSince reports whether prefix was declared after head was the innermost binding.
func (s *scopes) declaredSince(head *binding, prefix string) bool {
	for b := s.head; b != head; b = b.outer {
		if b.prefix == prefix {
			return true
		}
	}
	return false
}

// declaration checks one xmlns attribute of the element whose enclosing scope is outer, and brings it into scope.
func (p *parser) namespaceDecl(at int, prefix, uri string, outer *binding) error {
	switch {
	case prefix == "xmlns":
		return p.fail(at, "the prefix xmlns must not be declared")
	case prefix == "xml" && uri != xmlSpace:
		return p.fail(at, "the prefix xml must not be bound to another namespace")
	case prefix != "xml" && uri == xmlSpace:
		return p.fail(at, "the namespace of xml must not be bound to another prefix")
	case uri == xmlnsSpace:
		return p.fail(at, "the namespace of xmlns must not be declared")
	case prefix != "" && uri == "":
		return p.fail(at, "the prefix %s must not be bound to no namespace", quote(prefix))
	case p.ns.declaredSince(outer, prefix):
		return p.fail(at, "namespace declaration of prefix %s twice in one element", quote(prefix))
	}
	p.ns.declare(prefix, uri)
	return nil
}
