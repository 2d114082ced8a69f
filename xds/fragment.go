package xds

import (
	"strconv"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/internal/xmlwire"
)

// Volatile is the part of a registered object that may change after registration. It lives in columns and is spliced into
// the stored fragment on the way out.
type Volatile struct {
	Status         Status
	Version        int
	Home           HomeCommunityID
	PatientID      string // CX as it is to be shown: as submitted, or the survivor of a merge
	Availability   string // documentAvailability, "" when never set
	LastUpdateTime hl7v2.DTM
}

// AppendFragment copies a stored fragment with its volatile parts filled in.
func AppendFragment(dst, fragment []byte, v *Volatile) []byte {
	return ebrim.Splice(dst, fragment, func(dst []byte, m ebrim.Mark) []byte {
		switch m {
		case ebrim.MarkStatus:
			return append(dst, v.Status...)
		case ebrim.MarkVersion:
			return strconv.AppendInt(dst, int64(v.Version), 10)
		case ebrim.MarkPatientID:
			return xmlwire.AppendAttr(dst, v.PatientID)
		case ebrim.MarkLastUpdate:
			return append(dst, v.LastUpdateTime...)
		case ebrim.MarkHome:
			return appendHome(dst, v.Home)
		case ebrim.MarkAvailability:
			return appendAvailability(dst, v.Availability)
		}
		return dst
	})
}

func appendHome(dst []byte, home HomeCommunityID) []byte {
	if home == "" {
		return dst
	}
	dst = append(dst, ` home="`...)
	dst = xmlwire.AppendAttr(dst, string(home))
	return append(dst, '"')
}

func appendAvailability(dst []byte, availability string) []byte {
	if availability == "" {
		return dst
	}
	return ebrim.AppendSlot(dst, &ebrim.Slot{Name: SlotDocumentAvailability, Values: []string{availability}})
}

// Fragment renders what the registry stores of a resolved DocumentEntry.
func (e *DocumentEntry) Fragment() []byte {
	o := *e.Object
	o.RegistryObject = volatileObject(o.RegistryObject, SchemeEntryPatientID)
	o.ObjectType = string(e.ObjectType)
	o.Slots = append(without(o.Slots, SlotDocumentAvailability), ebrim.Slot{Name: string(ebrim.MarkAvailability)})
	if o.IsOpaque == "" {
		o.IsOpaque = "false"
	}
	return ebrim.AppendExtrinsicObject(nil, &o)
}

// Fragment renders what the registry stores of a resolved SubmissionSet.
func (s *SubmissionSet) Fragment() []byte {
	o := *s.Object
	o.RegistryObject = volatileObject(o.RegistryObject, SchemeSubmissionSetPatientID)
	o.ObjectType = ebrim.ObjectTypeRegistryPackage
	return ebrim.AppendRegistryPackage(nil, &o)
}

// Fragment renders what the registry stores of a resolved Folder; lastUpdateTime is the registry's own.
func (f *Folder) Fragment() []byte {
	o := *f.Object
	o.RegistryObject = volatileObject(o.RegistryObject, SchemeFolderPatientID)
	o.ObjectType = ebrim.ObjectTypeRegistryPackage
	o.Slots = append(without(o.Slots, SlotLastUpdateTime), ebrim.Slot{Name: SlotLastUpdateTime, Values: []string{string(ebrim.MarkLastUpdate)}})
	return ebrim.AppendRegistryPackage(nil, &o)
}

// Fragment renders what the registry stores of a resolved Association.
func (a *Association) Fragment() []byte {
	o := *a.Object
	o.RegistryObject = volatileObject(o.RegistryObject, "")
	o.ObjectType = ebrim.ObjectTypeAssociation
	return ebrim.AppendAssociation(nil, &o)
}

// volatileObject copies o with marks in place of everything that may change.
func volatileObject(o ebrim.RegistryObject, patientScheme string) ebrim.RegistryObject {
	o.Status, o.VersionName, o.VersionComment = string(ebrim.MarkStatus), string(ebrim.MarkVersion), ""
	o.Home = string(ebrim.MarkHome)
	identifiers := make([]*ebrim.ExternalIdentifier, len(o.ExternalIdentifiers))
	for i, x := range o.ExternalIdentifiers {
		if x.Scheme == patientScheme {
			marked := *x
			marked.Value = string(ebrim.MarkPatientID)
			x = &marked
		}
		identifiers[i] = x
	}
	o.ExternalIdentifiers = identifiers
	o.Slots = nonEmpty(o.Slots)
	return o
}

// nonEmpty drops slots without a value: for IHE they are absent attributes.
func nonEmpty(slots []ebrim.Slot) []ebrim.Slot {
	out := make([]ebrim.Slot, 0, len(slots)+1)
	for _, s := range slots {
		if len(s.Values) > 0 {
			out = append(out, s)
		}
	}
	return out
}

func without(slots []ebrim.Slot, name string) []ebrim.Slot {
	out := make([]ebrim.Slot, 0, len(slots)+1)
	for _, s := range slots {
		if s.Name != name {
			out = append(out, s)
		}
	}
	return out
}
