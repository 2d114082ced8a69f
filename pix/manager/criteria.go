package manager

import (
	"strings"

	"dossier/hl7v2"
	"dossier/pix"
)

// readCriteria reads QPD-3: repetitions @PID.field.component.subcomponent^value, all of which must hold (ITI TF-2:
// 3.21.4.1).
func readCriteria(q query) (pix.Search, error) {
	c := criteria{query: q}
	n := 0
	for r := range q.qpd.Field(3).Repetitions() {
		if n++; r.IsEmpty() {
			continue
		}
		if err := c.read(r, n); err != nil {
			return pix.Search{}, err
		}
	}
	if n == 0 {
		return pix.Search{}, q.at(3, 0).refuse(hl7v2.CodeRequiredFieldMissing, 0, "expected criteria such as @PID.5.1.1^NAME, found none", nil)
	}
	for _, x := range []struct {
		id hl7v2.CX
		n  int
	}{{c.ID, c.idAt}, {c.Account, c.accountAt}} {
		if x.id.ID != "" && x.id.Authority.IsZero() {
			return pix.Search{}, q.at(3, x.n).refuse(hl7v2.CodeRequiredFieldMissing, 0, "an id needs its authority: @PID.3.4 beside @PID.3.1", nil)
		}
	}
	return c.Search, nil
}

// criteria is a search in the making.
type criteria struct {
	pix.Search
	query
	idAt, accountAt int // the repetitions of @PID.3.1 and @PID.18.1
}

func (c *criteria) read(r hl7v2.Repetition, n int) error {
	name := strings.TrimSpace(r.Component(1))
	field, ok := strings.CutPrefix(name, "@")
	segment, _, _ := strings.Cut(field, ".")
	if !ok || segment != "PID" && segment != "PD1" {
		return c.at(3, n).refuse(hl7v2.CodeTableValue, 1, "expected the name of a field of PID or PD1, such as @PID.5.1.1", nil)
	}
	value := strings.TrimSpace(value(r))
	if value == "" {
		return nil
	}
	switch field {
	case "PID.3", "PID.3.1":
		c.idAt = n
		return c.set(&c.ID.ID, value, n)
	case "PID.18", "PID.18.1":
		c.accountAt = n
		return c.set(&c.Account.ID, value, n)
	case "PID.7", "PID.7.1":
		return c.birth(value, n)
	}
	if to := c.target(field); to != nil {
		return c.set(to, value, n)
	}
	return c.authority(field, value, n)
}

// set takes a criterion over. All of them must hold (ITI TF-2: 3.21.4.1.2.2), so a second value of one field is refused: the last
// one alone would find people whom the first rules out.
func (c *criteria) set(to *string, value string, n int) error {
	switch {
	case value == "":
		return nil
	case *to != "" && *to != value:
		return c.at(3, n).refuse(hl7v2.CodeDataType, 2, "expected one value of each field, found another before", nil)
	}
	*to = value
	return nil
}

// birth reads a date: the time that some senders write behind it is of no birth date here.
func (c *criteria) birth(value string, n int) error {
	d, err := pix.ParseBirthDate(value)
	if err != nil {
		return c.at(3, n).refuse(hl7v2.CodeDataType, 2, err.Error(), nil)
	}
	day := string(d[:min(len(d), 8)])
	if err := c.set((*string)(&c.Birth.From), day, n); err != nil {
		return err
	}
	c.Birth.To = c.Birth.From
	return nil
}

// value is all that follows the first separator: it may hold separators of its own that were not escaped.
func value(r hl7v2.Repetition) string {
	var parts []string
	for n := 2; n < 12; n++ {
		parts = append(parts, r.Component(n))
	}
	return strings.TrimRight(strings.Join(parts, "^"), "^")
}

// target is where the value of a text criterion goes; nil for fields that are not searched by, which a supplier may ignore.
func (c *criteria) target(field string) *string {
	switch field {
	case "PID.5.1", "PID.5.1.1":
		return &c.Family
	case "PID.5.2":
		return &c.Given
	case "PID.6.1", "PID.6.1.1":
		return &c.MothersFamily
	case "PID.8", "PID.8.1":
		return &c.Sex
	case "PID.11.1", "PID.11.1.1":
		return &c.Address.Street
	case "PID.11.3":
		return &c.Address.City
	case "PID.11.4":
		return &c.Address.Region
	case "PID.11.5":
		return &c.Address.Postcode
	case "PID.11.6":
		return &c.Address.Country
	case "PID.13", "PID.13.1", "PID.13.7", "PID.13.12":
		return &c.Phone
	}
	return nil
}

// authority reads @PID.3.4 or @PID.18.4: whole, with subcomponents, or by its parts.
func (c *criteria) authority(field, value string, n int) error {
	to, part := &c.ID.Authority, ""
	switch {
	case strings.HasPrefix(field, "PID.3.4"):
		part = field[len("PID.3.4"):]
	case strings.HasPrefix(field, "PID.18.4"):
		to, part = &c.Account.Authority, field[len("PID.18.4"):]
	default:
		return nil
	}
	switch part {
	case "":
		return c.whole(to, value, n)
	case ".1":
		return c.set(&to.Namespace, value, n)
	case ".2":
		to.UniversalIDType = "ISO"
		return c.set(&to.UniversalID, value, n)
	}
	return nil
}

// whole reads all parts of an authority. The value of a criterion is of type ST, so that libraries escape the separators of
// subcomponents in it, and people who write it by hand do not: it is split after it was unescaped.
func (c *criteria) whole(to *hl7v2.HD, value string, n int) error {
	namespace, rest, _ := strings.Cut(value, string(rune(c.sub)))
	id, typ, _ := strings.Cut(rest, string(rune(c.sub)))
	if typ = strings.TrimSpace(typ); typ != "" {
		to.UniversalIDType = typ
	}
	if err := c.set(&to.Namespace, strings.TrimSpace(namespace), n); err != nil {
		return err
	}
	return c.set(&to.UniversalID, strings.TrimSpace(id), n)
}
