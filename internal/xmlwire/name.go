package xmlwire

import (
	"strings"
	"unicode/utf8"
)

const nameSlots = 128

// nameSlot remembers one qualified name that was checked, and the namespace it had in one scope. Messages repeat
// few names, so most names are checked and resolved once.
type nameSlot struct {
	qname         string
	prefix, local string
	space         string   // as the name of an element in scope
	scope         *binding // nil: not resolved yet
}

// name reads the qualified name at i.
func (p *parser) name(i int) (slot *nameSlot, end int, err error) {
	stop := min(len(p.s), i+p.lim.Name+1)
	for end = i; end < stop && class[p.s[end]]&nameByte != 0; end++ {
	}
	n := end - i
	if n == 0 || n > p.lim.Name {
		return nil, 0, p.badName(i, n)
	}
	qname := p.s[i:end]
	h := uint(n) + 5*uint(qname[n-1]) + 17*uint(qname[n/2]) + 31*uint(qname[0])
	slot = &p.names[h%nameSlots]
	if slot.qname != qname {
		prefix, local, err := p.splitName(i, qname)
		if err != nil {
			return nil, 0, err
		}
		*slot = nameSlot{qname: qname, prefix: prefix, local: local}
	}
	return slot, end, nil
}

func (p *parser) badName(i, n int) error {
	switch {
	case n > 0:
		return p.over(i, "name longer than %d bytes", p.lim.Name)
	case i == len(p.s):
		return p.fail(i, "document ends where a name is expected")
	}
	if _, err := p.char(i); err != nil {
		return err
	}
	return p.fail(i, "expected a name")
}

// splitName checks a qualified name (Namespaces in XML 1.0 section 4).
func (p *parser) splitName(i int, qname string) (prefix, local string, err error) {
	if !utf8.ValidString(qname) {
		for at := i; ; {
			n, err := p.char(at)
			if err != nil {
				return "", "", err
			}
			at += n
		}
	}
	prefix, local, found := strings.Cut(qname, ":")
	if !found {
		prefix, local = "", qname
	}
	if !isNCName(local) || found && !isNCName(prefix) {
		return "", "", p.fail(i, "%s is not a qualified name", quote(qname))
	}
	return prefix, local, nil
}

// elementSpace resolves the namespace of an element name in the current scope.
func (p *parser) elementSpace(at int, slot *nameSlot) (string, error) {
	if slot.scope == p.ns.head {
		return slot.space, nil
	}
	uri, ok := p.ns.lookup(slot.prefix)
	if !ok {
		return "", p.fail(at, "prefix %s of element %s is not declared", quote(slot.prefix), quote(slot.local))
	}
	slot.space, slot.scope = uri, p.ns.head
	return uri, nil
}
