package xds

import (
	"fmt"
	"strconv"
	"strings"

	"dossier/ebrim"
	"dossier/hl7v2"
)

const uuidPrefix = "urn:uuid:"

// IsUUID tells whether id is a urn:uuid in any case; every other id is symbolic, even one that looks like a bare UUID.
func IsUUID(id string) bool {
	if len(id) != len(uuidPrefix)+36 || !strings.EqualFold(id[:len(uuidPrefix)], uuidPrefix) {
		return false
	}
	for i, c := range []byte(id[len(uuidPrefix):]) {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !isHex(c) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// NormalizeID lower-cases UUIDs and leaves symbolic ids as they are.
func NormalizeID(id string) string {
	if IsUUID(id) {
		return strings.ToLower(id)
	}
	return id
}

// Resolve gives every object its UUID: submitted UUIDs are kept, each symbolic id gets one new UUID wherever it occurs
// (ITI TF-3: 4.1.12.3). References to symbols that no object of the message carries stay as they are; the registry
// refuses them. newUUID returns a bare lower-case UUID.
func (s *Submission) Resolve(newUUID func() string) {
	ids := map[string]EntryUUID{}
	fresh := func() EntryUUID { return EntryUUID(uuidPrefix + newUUID()) }
	define := func(id EntryUUID) EntryUUID {
		if IsUUID(string(id)) {
			return id
		}
		if id == "" {
			return fresh()
		}
		if ids[string(id)] == "" {
			ids[string(id)] = fresh()
		}
		return ids[string(id)]
	}
	for _, e := range s.DocumentEntries {
		e.EntryUUID = define(e.EntryUUID)
		e.LogicalID, e.Version, e.AvailabilityStatus = e.EntryUUID, 1, Approved
		resolveObject(&e.Object.RegistryObject, e.EntryUUID)
	}
	for _, set := range s.SubmissionSets {
		set.EntryUUID = define(set.EntryUUID)
		set.AvailabilityStatus = Approved
		resolveObject(&set.Object.RegistryObject, set.EntryUUID)
	}
	for _, f := range s.Folders {
		f.EntryUUID = define(f.EntryUUID)
		f.LogicalID, f.Version, f.AvailabilityStatus = f.EntryUUID, 1, Approved
		resolveObject(&f.Object.RegistryObject, f.EntryUUID)
	}
	for _, a := range s.Associations {
		a.EntryUUID = define(a.EntryUUID)
		a.AvailabilityStatus = Approved
		resolveObject(&a.Object.RegistryObject, a.EntryUUID)
	}
	for _, a := range s.Associations {
		if id, ok := ids[string(a.Source)]; ok {
			a.Source = id
		}
		if id, ok := ids[string(a.Target)]; ok {
			a.Target = id
		}
		a.Object.Source, a.Object.Target = string(a.Source), string(a.Target)
	}
}

// resolveObject rewrites the ids inside one object and completes what senders leave out: ids, objectTypes and Names of
// sub-objects (ITI TF-3: 4.2.1.3; what LeafClass has to return).
func resolveObject(o *ebrim.RegistryObject, id EntryUUID) {
	o.ID, o.LID = string(id), string(id)
	n := 0
	sub := func(part string) string {
		n++
		if IsUUID(part) {
			return strings.ToLower(part)
		}
		return partID(id, n)
	}
	for _, c := range o.Classifications {
		c.ID, c.LID, c.Home = sub(c.ID), "", ""
		c.ClassifiedObject, c.ObjectType = o.ID, ebrim.ObjectTypeClassification
	}
	for _, x := range o.ExternalIdentifiers {
		x.ID, x.LID, x.Home = sub(x.ID), "", ""
		x.RegistryObject, x.ObjectType = o.ID, ebrim.ObjectTypeExternalIdentifier
		if name := IdentifierNames[x.Scheme]; name != "" && x.Name.First() != name {
			x.Name = ebrim.InternationalString{{Value: name}}
		}
	}
	for i := range o.Slots {
		normalizeTime(&o.Slots[i])
	}
}

// partID gives the n-th sub-object of an object its UUID: that of the object with another version digit and n in the clock
// sequence. Nothing refers to sub-objects, so that a value of their own would be worth nothing; this one packs into three
// bytes where a random one takes twenty, and an entry has a dozen. Sources count up in the other fields, if they count.
func partID(object EntryUUID, n int) string {
	const version, sequence = len(uuidPrefix) + 14, len(uuidPrefix) + 19
	id := []byte(object)
	if id[version] == '8' {
		id[version] = '4'
	} else {
		id[version] = '8' // custom, RFC 9562 section 5.8
	}
	xorHex(id[sequence+1:sequence+4], n)
	xorHex(id[version+1:version+4], n>>12)
	return string(id)
}

// xorHex adds three hexadecimal digits of n to those there.
func xorHex(digits []byte, n int) {
	was, _ := strconv.ParseUint(string(digits), 16, 12) // they are such digits, as in every UUID
	copy(digits, fmt.Sprintf("%03x", (int(was)^n)&0xfff))
}

// timeSlots hold one DTM each; a fraction or zone that a source sent is gone from what the registry returns.
var timeSlots = map[string]bool{
	SlotCreationTime: true, SlotServiceStartTime: true, SlotServiceStopTime: true, SlotSubmissionTime: true, SlotLastUpdateTime: true,
}

func normalizeTime(s *ebrim.Slot) {
	if !timeSlots[s.Name] || len(s.Values) != 1 {
		return
	}
	if d, err := hl7v2.ParseDTM(s.Values[0]); err == nil {
		s.Values[0] = string(d)
	}
}

// ReplacePatient puts another patient id into the objects of the message that have the one, and into their ebRIM.
// sourcePatientId stays as it is.
func (s *Submission) ReplacePatient(from, to hl7v2.CX) {
	to.Raw = to.String()
	replace := func(id *hl7v2.CX, o *ebrim.RegistryObject, scheme string) {
		if !id.Equal(from) {
			return
		}
		*id = to
		for i, x := range o.ExternalIdentifiers {
			if x.Scheme == scheme {
				renamed := *x
				renamed.Value = to.Raw
				o.ExternalIdentifiers[i] = &renamed
			}
		}
	}
	for _, set := range s.SubmissionSets {
		replace(&set.PatientID, &set.Object.RegistryObject, SchemeSubmissionSetPatientID)
	}
	for _, e := range s.DocumentEntries {
		replace(&e.PatientID, &e.Object.RegistryObject, SchemeEntryPatientID)
	}
	for _, f := range s.Folders {
		replace(&f.PatientID, &f.Object.RegistryObject, SchemeFolderPatientID)
	}
}
