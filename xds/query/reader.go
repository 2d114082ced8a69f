package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/xds"
)

// maxProblems bounds an answer to a request that is wrong all over.
const maxProblems = 32

// reader turns the slots of one query into typed values and collects what is wrong with them. Parameters with a problem
// read as absent, so that one mistake is reported once.
type reader struct {
	def    *Definition
	lists  map[string][][]string // values of each parameter, slot by slot; slots without values are left out
	bad    map[string]bool
	values int
	errs   xds.Errors
	more   int // problems beyond maxProblems
}

func newReader(def *Definition) *reader {
	return &reader{def: def, lists: map[string][][]string{}, bad: map[string]bool{}}
}

// load splits the slots into lists of values.
func (r *reader) load(slots []ebrim.Slot) {
	for i := range slots {
		p, known := r.def.Parameter(strings.TrimSpace(slots[i].Name))
		if !known || p.Ignored {
			continue
		}
		var list []string
		for _, v := range slots[i].Values {
			items, err := tokens(v, maxValues-r.values)
			if err != nil {
				r.malformed(p, err)
				break
			}
			r.values += len(items)
			list = append(list, items...)
		}
		if len(list) > 0 {
			r.lists[p.Name] = append(r.lists[p.Name], list)
		}
	}
	for _, p := range r.def.Parameters {
		if n := len(r.lists[p.Name]); p.And && n > maxLists {
			r.refuse(&queryLimits, p.Name, fmt.Sprintf("expected at most %d slots of this name, got %d", maxLists, n))
		}
	}
}

// malformed reports a list that cannot be split. What may name a patient is not repeated, since errors are also logged.
func (r *reader) malformed(p Parameter, err error) {
	rule := &parameterCoding
	if errors.Is(err, errTooMany) {
		rule = &queryLimits
	}
	if s, ok := errors.AsType[*syntaxError](err); ok && (p.Type == TypePatientID || p.Type == TypeReferenceID) {
		err = &syntaxError{at: s.at, want: s.want, hidden: true}
	}
	r.refuse(rule, p.Name, err.Error())
}

// check compares the number of values with the table of the query.
func (r *reader) check() {
	var choice, given, any []string
	narrowed := false
	for _, p := range r.def.Parameters {
		n := len(r.all(p.Name))
		switch {
		case p.Choice:
			choice = append(choice, p.Name)
			if n > 0 || r.bad[p.Name] {
				given = append(given, p.Name)
			}
		case p.Required && n == 0 && !r.bad[p.Name]:
			r.missing(p.Name, "expected a value, got none")
		}
		if p.Any {
			any = append(any, p.Name)
			narrowed = narrowed || n > 0 || r.bad[p.Name]
		}
		if !p.Multiple && n > 1 {
			r.refuse(&singleValue, p.Name, fmt.Sprintf("expected one value, got %d", n))
		}
	}
	if len(any) > 0 && !narrowed {
		r.refuse(&patientsOrCodes, any[0], "expected a value here or in "+strings.Join(any[1:], ", ")+", got none of them")
	}
	switch {
	case len(choice) > 0 && len(given) == 0:
		r.missing(choice[0], "expected a value here or in "+choice[1]+", got neither")
	case len(given) > 1:
		r.refuse(&eitherOr, given[0],
			"expected a value either here or in "+given[1]+", got both")
	}
}

func (r *reader) missing(name, context string) {
	r.refuse(&requiredParameter, name, context)
}

func (r *reader) refuse(rule *xds.Rule, name, context string) {
	r.bad[name] = true
	if len(r.errs) == maxProblems {
		r.more++
		return
	}
	e := rule.Broken(name, name+": "+context)
	if rule.Cite == sectionQueries {
		e.Section = r.def.Section
	}
	r.errs = append(r.errs, e)
}

// problems is everything found, nil when there is nothing.
func (r *reader) problems() error {
	if r.more > 0 {
		last := fmt.Sprintf("expected at most %d problems in one query, got %d more problems, which are not listed", maxProblems, r.more)
		r.errs = append(r.errs, queryLimits.Broken(r.def.ID, last))
	}
	if len(r.errs) == 0 {
		return nil
	}
	return r.errs
}

// all returns the values of a parameter without regard to slots.
func (r *reader) all(name string) []string {
	if r.bad[name] {
		return nil
	}
	return slices.Concat(r.lists[name]...)
}

// each reads every value; those that cannot be read are reported and left out.
func each[T any](r *reader, name string, values []string, read func(string) (T, error)) []T {
	var out []T
	for _, s := range values {
		v, err := read(s)
		if err != nil {
			r.refuse(&parameterCoding, name, err.Error())
			continue
		}
		out = append(out, v)
	}
	return out
}

// understood reads the values of a closed set and passes over the others.
func understood[T comparable](values []string, read func(string) (T, bool)) []T {
	var out []T
	for _, s := range values {
		if v, ok := read(s); ok && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// one reads a parameter of a single value.
func one[T any](r *reader, name string, read func(string) (T, error)) T {
	var zero T
	if v := each(r, name, r.all(name), read); len(v) > 0 {
		return v[0]
	}
	return zero
}

func (r *reader) patient(name string) hl7v2.CX { return one(r, name, hl7v2.ParseCX) }

func (r *reader) patients(name string) []hl7v2.CX { return each(r, name, r.all(name), hl7v2.ParseCX) }

func (r *reader) codes(name string) AnyOf { return each(r, name, r.all(name), readCode) }

func (r *reader) allCodes(name string) AllOf {
	var out AllOf
	for _, list := range r.slots(name) {
		out = append(out, each(r, name, list, readCode))
	}
	return out
}

func (r *reader) slots(name string) [][]string {
	if r.bad[name] {
		return nil
	}
	return r.lists[name]
}

func (r *reader) times(base string) Times {
	return Times{From: one(r, base+"From", readTime), To: one(r, base+"To", readTime)}
}

func (r *reader) texts(name string) []string { return each(r, name, r.all(name), readText) }

func (r *reader) patterns(name string) []string { return each(r, name, r.all(name), readPattern) }

func (r *reader) uuids(name string) []xds.EntryUUID { return each(r, name, r.all(name), readEntryUUID) }

func (r *reader) ids(uuids, uniqueIDs string) IDs {
	return IDs{r.uuids(uuids), each(r, uniqueIDs, r.all(uniqueIDs), readUniqueID)}
}

func (r *reader) referenceIDs(name string) [][]ReferenceID {
	var out [][]ReferenceID
	for _, list := range r.slots(name) {
		out = append(out, each(r, name, list, readReferenceID))
	}
	return out
}

// status leaves out values that are not understood; none left is a missing parameter (ITI TF-2: 3.18.4.1.2.3.6).
func (r *reader) status(name string) []xds.Status {
	values := r.all(name)
	out := understood(values, readStatus)
	if len(values) > 0 && len(out) == 0 {
		r.missing(name, "expected Approved or Deprecated, got "+quoted(values[0]))
	}
	return out
}

// associationStatus is Approved where nothing is asked for that is understood: a registry without Metadata Update shows no
// Deprecated Associations unless it is told to.
func (r *reader) associationStatus() []xds.Status {
	if out := understood(r.all(associationStatus), readStatus); len(out) > 0 {
		return out
	}
	return []xds.Status{xds.Approved}
}

// types is Stable where nothing is asked for (ITI TF-2: 3.18.4.1.2.3.7.1). When something is asked for and none of it is
// known, an answer of Stable entries would be wrong and an empty one would hide the mistake.
func (r *reader) types(name string) []xds.ObjectType {
	values := r.all(name)
	if len(values) == 0 {
		return []xds.ObjectType{xds.Stable}
	}
	out := understood(values, readObjectType)
	if len(out) == 0 {
		r.refuse(&objectTypeKnown, name,
			"expected the UUID of Stable or On-Demand entries, got "+quoted(values[0]))
	}
	return out
}
