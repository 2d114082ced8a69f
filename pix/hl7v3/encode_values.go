package hl7v3

// attr writes an attribute unless it is empty.
func (w writer) attr(name, value string) {
	if value != "" {
		w.Attr(name, value)
	}
}

// element writes character data unless it is empty.
func (w writer) element(local, text string) {
	if text != "" {
		w.Start(local).Text(text).End()
	}
}

// value writes a time, a number or an indicator.
func (w writer) value(local, value string) {
	if value != "" {
		w.Start(local).Attr("value", value).End()
	}
}

// cs writes a code without a system.
func (w writer) cs(local, code string) {
	if code != "" {
		w.Start(local).Attr("code", code).End()
	}
}

func (w writer) code(local string, c Code) {
	if c.IsZero() {
		return
	}
	w.Start(local)
	w.attr("nullFlavor", c.NullFlavor)
	w.attr("code", c.Code)
	w.attr("codeSystem", c.System)
	w.attr("displayName", c.DisplayName)
	w.End()
}

// must writes a code that the schema asks for.
func (w writer) must(local string, c Code) {
	if c.IsZero() {
		c.NullFlavor = "NA"
	}
	w.code(local, c)
}

// ii writes an identifier, also an empty one: where this is called the schema asks for the element.
func (w writer) ii(local string, i II) {
	w.Start(local)
	w.attr("nullFlavor", i.NullFlavor)
	w.attr("root", i.Root)
	w.attr("extension", i.Extension)
	w.attr("assigningAuthorityName", i.AuthorityName)
	w.End()
}

// optional writes an identifier if there is one.
func (w writer) optional(local string, i II) {
	if !i.IsZero() {
		w.ii(local, i)
	}
}

func (w writer) name(local string, n Name) {
	w.Start(local)
	w.attr("nullFlavor", n.NullFlavor)
	w.attr("use", n.Use)
	w.Text(n.Text)
	for _, p := range n.Parts {
		w.Start(p.Kind)
		w.attr("qualifier", p.Qualifier)
		w.Text(p.Text).End()
	}
	w.End()
}

func (w writer) address(local string, a Address) {
	w.Start(local)
	w.attr("nullFlavor", a.NullFlavor)
	w.attr("use", a.Use)
	w.Text(a.Text)
	for _, p := range a.Parts {
		w.Start(p.Kind).Text(p.Text).End()
	}
	w.End()
}

func (w writer) telecom(local string, t Telecom) {
	w.Start(local)
	w.attr("nullFlavor", t.NullFlavor)
	w.attr("use", t.Use)
	w.attr("value", t.Value)
	w.End()
}

func (w writer) interval(local string, i Interval) {
	w.Start(local)
	w.attr("value", i.Value)
	w.value("low", i.Low)
	w.value("high", i.High)
	w.End()
}

// integer writes INT where the schema has ANY, so that the type must be named.
func (w writer) integer(local, value string) {
	w.Start(local).Attr("xmlns:xsi", namespaceXSI).Attr("xsi:type", "INT").Attr("value", value).End()
}
