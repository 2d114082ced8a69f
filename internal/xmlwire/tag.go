package xmlwire

import "strings"

func (p *parser) startTag() error {
	start := p.pos
	if err := p.mayOpen(start); err != nil {
		return err
	}
	slot, end, err := p.name(start + 1)
	if err != nil {
		return err
	}
	// The slot may be reused for an attribute name that falls into the same place.
	name := *slot
	outer := p.ns.head
	el := p.slabs.element()
	el.Start = start
	empty, err := p.attributes(el, end)
	if err != nil {
		return err
	}
	if p.ns.head != outer || name.scope != outer {
		if name.space, err = p.elementSpace(start+1, &name); err != nil {
			return err
		}
		if slot.qname == name.qname {
			*slot = name
		}
	}
	el.Name, el.Prefix, el.scope = Name{name.space, name.local}, name.prefix, p.ns.head
	el.ContentStart = p.pos
	p.link(el)
	if empty {
		el.End, el.ContentEnd = p.pos, p.pos
		p.ns.leave(outer)
		return nil
	}
	p.open = append(p.open, frame{el: el, outer: outer, nameLen: len(name.qname)})
	return nil
}

// mayOpen checks what can be known before the tag is read.
func (p *parser) mayOpen(at int) error {
	switch {
	case len(p.open) == 0 && p.root != nil:
		return p.fail(at, "second root element")
	case len(p.open) >= p.lim.Depth:
		return p.over(at, "elements nested deeper than %d", p.lim.Depth)
	case p.elements >= p.lim.Elements:
		return p.over(at, "more than %d elements", p.lim.Elements)
	}
	p.elements++
	return nil
}

// link puts el into the tree.
func (p *parser) link(el *Element) {
	if len(p.open) == 0 {
		p.root = el
		return
	}
	f := p.top()
	el.Parent = f.el
	if f.last == nil {
		f.el.First = el
	} else {
		f.last.Next = el
	}
	f.last = el
}

// attributes reads from the end of the name to the end of the start tag.
func (p *parser) attributes(el *Element, i int) (empty bool, err error) {
	s := p.s
	tag := tagState{el: el, outer: p.ns.head}
	p.prefixed = p.prefixed[:0]
	for {
		before := i
		for i < len(s) && class[s[i]]&space != 0 {
			i++
		}
		switch {
		case i == len(s):
			return false, p.fail(el.Start, "start tag is not closed")
		case s[i] == '>':
			p.pos = i + 1
			return false, p.finishAttrs(&tag)
		case s[i] == '/':
			if i+1 == len(s) || s[i+1] != '>' {
				return false, p.fail(i, "expected '>' after '/'")
			}
			p.pos = i + 2
			return true, p.finishAttrs(&tag)
		case i == before:
			return false, p.badAfterName(i)
		}
		if i, err = p.attribute(&tag, i); err != nil {
			return false, err
		}
	}
}

func (p *parser) badAfterName(i int) error {
	if _, err := p.char(i); err != nil {
		return err
	}
	return p.fail(i, "expected white space, '>' or '/>' in a start tag")
}

func (p *parser) endTag() error {
	at := p.pos
	if len(p.open) == 0 {
		return p.fail(at, "end tag without start tag")
	}
	f := p.top()
	el := f.el
	want := p.s[el.Start+1 : el.Start+1+f.nameLen]
	i := at + len("</")
	if !strings.HasPrefix(p.s[i:], want) {
		return p.fail(at, "expected the end tag of element %s", quote(want))
	}
	for i += len(want); i < len(p.s) && class[p.s[i]]&space != 0; i++ {
	}
	if i == len(p.s) || p.s[i] != '>' {
		return p.fail(at, "expected the end tag of element %s", quote(want))
	}
	el.ContentEnd, el.End = at, i+1
	if el.mixed {
		el.text = p.s[el.ContentStart:el.ContentEnd]
	}
	p.ns.leave(f.outer)
	p.open = p.open[:len(p.open)-1]
	p.pos = i + 1
	return nil
}
