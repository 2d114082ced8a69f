package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"dossier/ebrim"
)

// Param is one parameter as a user gives it: the name with or without its dollar sign and in any case, and one value or
// several with commas between them. Status, object type and association type may be given by their short names. A value
// that holds commas or begins with a quote or parenthesis has to be quoted, see Quote.
type Param struct{ Name, Value string }

// Quote writes a string as stored queries have it: in single quotes, with those inside doubled.
func Quote(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// Encode writes a stored query for LeafClass. The same parameter given again adds values to its list; where the
// Technical Framework defines AND, a value in parentheses is a list of its own. $homeCommunityId becomes the attribute
// home. Missing parameters are left for the registry to find; the error tells unknown names, lists that cannot be split
// and several values for one.
func Encode(def Definition, params []Param) (*ebrim.AdhocQueryRequest, error) {
	e := encoder{def: def, open: map[string]int{}}
	request := &ebrim.AdhocQueryRequest{ReturnType: ebrim.ReturnLeafClass, QueryID: def.ID}
	for _, given := range params {
		if sameName(given.Name, homeCommunityID) {
			request.Home = trim(given.Value)
			continue
		}
		e.add(given)
	}
	request.Slots = e.slots()
	return request, errors.Join(e.errs...)
}

// encoder collects lists in the order in which they were begun.
type encoder struct {
	def   Definition
	lists []parameterList
	open  map[string]int // the list that takes further values of a parameter
	errs  []error
}

type parameterList struct {
	Parameter
	values []string
}

func (e *encoder) add(given Param) {
	i := slices.IndexFunc(e.def.Parameters, func(p Parameter) bool { return sameName(given.Name, p.Name) })
	if i < 0 {
		e.errs = append(e.errs, fmt.Errorf("%s: expected a parameter of %s, got %s", e.def.Name, e.def.Name, quoted(given.Name)))
		return
	}
	p := e.def.Parameters[i]
	items, err := tokens(given.Value, maxValues)
	if err != nil {
		e.errs = append(e.errs, fmt.Errorf("%s: %w", p.Name, err))
		return
	}
	for i := range items {
		items[i] = p.literal(items[i])
	}
	if p.And && strings.HasPrefix(trim(given.Value), "(") {
		e.lists = append(e.lists, parameterList{p, items})
		return
	}
	at, ok := e.open[p.Name]
	if !ok {
		at = len(e.lists)
		e.open[p.Name] = at
		e.lists = append(e.lists, parameterList{Parameter: p})
	}
	e.lists[at].values = append(e.lists[at].values, items...)
}

func sameName(given, name string) bool {
	given = strings.TrimPrefix(strings.TrimSpace(given), "$")
	return strings.EqualFold(given, name[1:])
}

func (e *encoder) slots() []ebrim.Slot {
	var out []ebrim.Slot
	for _, l := range e.lists {
		switch {
		case len(l.values) == 0:
		case l.Multiple:
			out = append(out, ebrim.Slot{Name: l.Name, Values: pack(l.values)})
		case len(l.values) > 1:
			e.errs = append(e.errs, fmt.Errorf("%s: expected one value, got %d (a value with commas has to be quoted)", l.Name, len(l.values)))
		default:
			out = append(out, ebrim.Slot{Name: l.Name, Values: l.values})
		}
	}
	return out
}

// slotValue is how many characters one rim:Value may have in ebRIM; a longer list is split between its values, each part
// in its own parentheses (ITI TF-2: 3.18.4.1.2.3.5).
const slotValue = 256

func pack(literals []string) []string {
	var out []string
	var b strings.Builder
	length := 0
	for _, l := range literals {
		n := utf8.RuneCountInString(l)
		if b.Len() > 0 && length+n+2 > slotValue {
			out = append(out, b.String()+")")
			b.Reset()
		}
		if b.Len() == 0 {
			b.WriteByte('(')
			length = 1
		} else {
			b.WriteByte(',')
			length++
		}
		b.WriteString(l)
		length += n
	}
	return append(out, b.String()+")")
}

// literal writes one value in its full form; what the type does not know goes out as it came.
func (p Parameter) literal(s string) string {
	switch p.Type {
	case TypeTime, TypeNumber:
		if bare(s) {
			return s
		}
	case TypeCode:
		if c, err := readCode(s); err == nil {
			s = c.Code + "^^" + c.Scheme
		}
	case TypeUUID:
		if id, ok := readUUID(s); ok {
			s = string(id)
		}
	case TypeStatus:
		if status, ok := readStatus(s); ok {
			s = string(status)
		}
	case TypeAvailability:
		if a, ok := readAvailability(s); ok {
			s = string(a)
		}
	case TypeObjectType:
		if t, ok := readObjectType(s); ok {
			s = string(t)
		}
	case TypeAssociationType:
		if t, err := readAssociationType(s); err == nil {
			s = string(t)
		}
	}
	return Quote(s)
}

// bare tells what may stand without quotes: numbers and times.
func bare(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.+-") == ""
}
