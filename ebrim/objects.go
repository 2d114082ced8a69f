package ebrim

// Slot is a named list of values.
type Slot struct {
	Name   string
	Type   string // slotType
	Values []string
}

// LocalizedString is one language's form of a Name or Description.
type LocalizedString struct{ Lang, Charset, Value string }

// InternationalString holds the LocalizedStrings in wire order; IHE uses the first.
type InternationalString []LocalizedString

// First returns the value IHE looks at, or "".
func (s InternationalString) First() string {
	if len(s) == 0 {
		return ""
	}
	return s[0].Value
}

// RegistryObject is what ExtrinsicObject, RegistryPackage and Association share.
type RegistryObject struct {
	ID, Home, LID       string
	ObjectType, Status  string
	Slots               []Slot
	Name, Description   InternationalString
	VersionName         string
	VersionComment      string
	Classifications     []*Classification
	ExternalIdentifiers []*ExternalIdentifier

	// Path is where the object stood in the message it was read from, for error locations.
	Path string
}

// ExtrinsicObject describes content outside of the registry; IHE's DocumentEntry.
type ExtrinsicObject struct {
	RegistryObject
	MimeType string
	IsOpaque string
}

// RegistryPackage groups objects; IHE's SubmissionSet and Folder.
type RegistryPackage struct{ RegistryObject }

// Association links two objects.
type Association struct {
	RegistryObject
	Type, Source, Target string
}

// Classification attaches a code, an author or a node to an object.
type Classification struct {
	ID, LID, Home, ObjectType string
	Scheme                    string // classificationScheme
	ClassifiedObject          string
	Node                      string // classificationNode
	NodeRepresentation        string
	HasNodeRepresentation     bool // the attribute was there, possibly empty
	Slots                     []Slot
	Name, Description         InternationalString
	Path                      string // as of a RegistryObject, for one at the top level of the list
}

// ExternalIdentifier gives an object an identifier of some scheme.
type ExternalIdentifier struct {
	ID, LID, Home, ObjectType string
	Scheme                    string // identificationScheme
	RegistryObject            string
	Value                     string
	Slots                     []Slot
	Name, Description         InternationalString
}

// ObjectRef names an object of a registry.
type ObjectRef struct{ ID, Home string }

// RegistryObjectList holds the objects of a message by class, each class in wire order.
type RegistryObjectList struct {
	ExtrinsicObjects []*ExtrinsicObject
	RegistryPackages []*RegistryPackage
	Associations     []*Association
	Classifications  []*Classification // top level: SubmissionSet and Folder markers may stand here
	ObjectRefs       []ObjectRef
	Other            []string // paths of elements of any other class
}

// Slot returns the first slot of that name, or nil.
func FindSlot(slots []Slot, name string) *Slot {
	for i := range slots {
		if slots[i].Name == name {
			return &slots[i]
		}
	}
	return nil
}

// Value returns the first value of the slot of that name, or "".
func Value(slots []Slot, name string) string {
	if s := FindSlot(slots, name); s != nil && len(s.Values) > 0 {
		return s.Values[0]
	}
	return ""
}

// Values returns all values of the slot of that name.
func Values(slots []Slot, name string) []string {
	if s := FindSlot(slots, name); s != nil {
		return s.Values
	}
	return nil
}

// SetSlot replaces the slot of that name, or adds it at the end.
func SetSlot(slots []Slot, name string, values ...string) []Slot {
	if s := FindSlot(slots, name); s != nil {
		s.Values = values
		return slots
	}
	return append(slots, Slot{Name: name, Values: values})
}

// Identifier returns the first ExternalIdentifier of the scheme, or nil.
func (o *RegistryObject) Identifier(scheme string) *ExternalIdentifier {
	for _, e := range o.ExternalIdentifiers {
		if e.Scheme == scheme {
			return e
		}
	}
	return nil
}

// Classified returns the Classifications of the scheme in wire order.
func (o *RegistryObject) Classified(scheme string) []*Classification {
	var out []*Classification
	for _, c := range o.Classifications {
		if c.Scheme == scheme {
			out = append(out, c)
		}
	}
	return out
}
