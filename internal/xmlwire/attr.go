package xmlwire

// prefixedAttr is an attribute whose prefix may be declared further on in the same tag.
type prefixedAttr struct {
	prefix string
	index  int // in the element's attributes
	at     int
}

// tagState is what reading one start tag needs.
type tagState struct {
	el       *Element
	outer    *binding // scope of the parent
	declared int      // namespace declarations
	seen     uint64   // one bit per class of unprefixed names seen
}

// attribute reads one attribute or namespace declaration at i and returns the offset behind it.
func (p *parser) attribute(tag *tagState, at int) (int, error) {
	slot, i, err := p.name(at)
	if err != nil {
		return 0, err
	}
	prefix, local := slot.prefix, slot.local
	isDecl := prefix == "xmlns" || prefix == "" && local == "xmlns"
	if err := p.mayAdd(tag, at, isDecl); err != nil {
		return 0, err
	}
	if i, err = p.equals(i); err != nil {
		return 0, err
	}
	value, i, err := p.attrValue(i)
	if err != nil {
		return 0, err
	}
	switch {
	case isDecl:
		if prefix == "" {
			local = ""
		}
		err = p.namespaceDecl(at, local, value, tag.outer)
	case prefix != "":
		p.prefixed = append(p.prefixed, prefixedAttr{prefix: prefix, index: len(p.slabs.open), at: at})
		p.slabs.attr(Attr{Name{prefix, local}, value})
	default:
		err = p.addPlain(tag, at, local, value)
	}
	return i, err
}

// mayAdd enforces the limits per element before a value is read.
func (p *parser) mayAdd(tag *tagState, at int, isDecl bool) error {
	if isDecl {
		if tag.declared++; tag.declared > p.lim.Namespaces {
			return p.over(at, "more than %d namespace declarations in one element", p.lim.Namespaces)
		}
		return nil
	}
	if len(p.slabs.open) >= p.lim.Attributes {
		return p.over(at, "more than %d attributes in one element", p.lim.Attributes)
	}
	return nil
}

// addPlain adds an attribute without prefix. The bit set spares the comparison with all others in most cases.
func (p *parser) addPlain(tag *tagState, at int, local, value string) error {
	bit := uint64(1) << ((uint(len(local)) + 7*uint(local[0]) + 3*uint(local[len(local)-1])) % 64)
	if tag.seen&bit != 0 {
		for i := range p.slabs.open {
			if p.slabs.open[i].Name == (Name{"", local}) {
				return p.fail(at, "attribute %s twice in one element", quote(local))
			}
		}
	}
	tag.seen |= bit
	p.slabs.attr(Attr{Name{"", local}, value})
	return nil
}

// finishAttrs resolves the prefixes now that all declarations of the tag are known, and hands the element its list.
func (p *parser) finishAttrs(tag *tagState) error {
	attrs := p.slabs.closeAttrs()
	for n, pa := range p.prefixed {
		uri, ok := p.ns.lookup(pa.prefix)
		if !ok {
			return p.fail(pa.at, "prefix %s of attribute %s is not declared", quote(pa.prefix), quote(attrs[pa.index].Name.Local))
		}
		name := &attrs[pa.index].Name
		name.Space = uri
		for _, earlier := range p.prefixed[:n] {
			if attrs[earlier.index].Name == *name {
				return p.fail(pa.at, "attribute %s of the same namespace twice in one element", quote(name.Local))
			}
		}
	}
	tag.el.Attrs = attrs
	return nil
}

// equals reads '=' with optional white space round it.
func (p *parser) equals(i int) (int, error) {
	s := p.s
	for i < len(s) && class[s[i]]&space != 0 {
		i++
	}
	if i == len(s) || s[i] != '=' {
		return 0, p.fail(i, "expected '=' after the name of an attribute")
	}
	for i++; i < len(s) && class[s[i]]&space != 0; i++ {
	}
	return i, nil
}

// attrValue reads a quoted value at i and returns it normalised, with the offset behind the closing quote.
func (p *parser) attrValue(i int) (value string, end int, err error) {
	s := p.s
	if i == len(s) || s[i] != '"' && s[i] != '\'' {
		return "", 0, p.fail(i, "expected a quoted attribute value")
	}
	quoteMark := s[i]
	first := i + 1
	stop := min(len(s), first+p.lim.AttrValue+1)
	clean := true
	for i = first; i < stop; {
		c := s[i]
		switch {
		case class[c]&attrStop == 0:
			i++
		case c == quoteMark:
			if clean {
				return s[first:i], i + 1, nil
			}
			return p.slabs.unescape(s[first:i], attrText), i + 1, nil
		case c == '&':
			if i, err = p.reference(i); err != nil {
				return "", 0, err
			}
			clean = false
		case class[c]&space != 0:
			i++
			clean = false
		case c == '<':
			return "", 0, p.fail(i, "'<' is not allowed in an attribute value")
		case c == '"' || c == '\'':
			i++
		default:
			n, err := p.char(i)
			if err != nil {
				return "", 0, err
			}
			i += n
		}
	}
	if stop < len(s) {
		return "", 0, p.over(first, "attribute value longer than %d bytes", p.lim.AttrValue)
	}
	return "", 0, p.fail(first-1, "attribute value is not closed")
}
