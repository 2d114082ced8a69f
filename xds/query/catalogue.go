package query

import (
	"slices"
	"strings"
)

// Definition describes one stored query. Its parameters stand in the order of the Technical Framework.
type Definition struct {
	Name       string // FindDocuments
	ID         string // value of AdhocQuery/@id: "urn:uuid:" and 36 lower-case characters
	Section    string // where it is defined
	Parameters []Parameter
	// MultiPatient queries belong to ITI-51 and are unknown to ITI-18, as the others are to ITI-51.
	MultiPatient bool

	read func(*reader) Query
}

// Parameter is one parameter of a stored query.
type Parameter struct {
	Name     string // with the leading dollar sign
	Type     Type
	Required bool
	Choice   bool // exactly one of the parameters so marked must be given
	Any      bool // at least one of the parameters so marked must be given
	Multiple bool // takes a list: any of its values matches
	And      bool // may be repeated: each of its lists must match
	Ignored  bool // accepted without effect: it belongs to an option that this registry does not have
}

// Type is how the value of a parameter is written and compared.
type Type string

// Types of parameters.
const (
	TypePatientID       Type = "CX"               // 'ID^^^&OID&ISO'
	TypeCode            Type = "code"             // 'code^^codingScheme'
	TypeTime            Type = "DTM"              // bare digits
	TypePattern         Type = "pattern"          // '%' any characters, '_' exactly one
	TypeText            Type = "text"             // compared as it is
	TypeUUID            Type = "UUID"             // 'urn:uuid:...'
	TypeStatus          Type = "status"           // URN, or Approved, Deprecated
	TypeAvailability    Type = "availability"     // URN, or Online, Offline
	TypeObjectType      Type = "objectType"       // UUID, or Stable, On-Demand
	TypeAssociationType Type = "association type" // URN, or RPLC, XFRM ...
	TypeReferenceID     Type = "CXi"              // compared as it is, or a pattern when it holds '%'
	TypeNumber          Type = "number"           // bare digits
)

// Catalogue returns the definitions of all stored queries: those that Parse understands in the order of ITI TF-2:
// 3.18.4.1.2.3.7, then those of ParseMultiPatient. The caller owns the result.
func Catalogue() []Definition {
	out := slices.Clone(definitions)
	for i := range out {
		out[i].Parameters = slices.Clone(out[i].Parameters)
	}
	return out
}

// Lookup finds a stored query by its name or its id, in any case; the id may lack "urn:uuid:".
func Lookup(nameOrUUID string) (Definition, bool) {
	name := strings.TrimSpace(nameOrUUID)
	d := byID(name)
	if d == nil {
		d = find(func(d *Definition) bool { return strings.EqualFold(d.Name, name) })
	}
	if d == nil {
		return Definition{}, false
	}
	out := *d
	out.Parameters = slices.Clone(d.Parameters)
	return out, true
}

// Parameter finds a parameter by its name, which has to be exact.
func (d *Definition) Parameter(name string) (Parameter, bool) {
	for _, p := range d.Parameters {
		if p.Name == name {
			return p, true
		}
	}
	return Parameter{}, false
}

func byID(id string) *Definition {
	want, ok := readUUID(id)
	if !ok {
		return nil
	}
	return find(func(d *Definition) bool { return d.ID == string(want) })
}

func find(is func(*Definition) bool) *Definition {
	for i := range definitions {
		if is(&definitions[i]) {
			return &definitions[i]
		}
	}
	return nil
}
