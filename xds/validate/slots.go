package validate

import (
	"strconv"
	"strings"

	"dossier/ebrim"
	"dossier/xds"
)

// Limits of a Slot value in characters: that of the ebRIM schema (LongName), and one that persons' names, URIs and
// demographics in the field keep.
const (
	schemaValue  = 256
	lenientValue = 4096
)

// slot is an attribute held in a Slot: between min and max values, each of the format. A Slot without values is an absent
// attribute.
func slot(name string, min, max int, f format) judge {
	return func(o *ebrim.RegistryObject, p Profile, report func(context string)) {
		slotValues(name, ebrim.Values(o.Slots, name), min, max, f, p, report)
	}
}

// repositorySlot is an attribute that the repository adds: required in ITI-42, at most one value in ITI-41.
func repositorySlot(name string, f format) judge {
	return func(o *ebrim.RegistryObject, p Profile, report func(context string)) {
		min := 0
		if p.Registry {
			min = 1
		}
		slotValues(name, ebrim.Values(o.Slots, name), min, 1, f, p, report)
	}
}

const many = 1 << 30

func slotValues(name string, values []string, min, max int, f format, p Profile, report func(context string)) {
	if n := len(values); n < min || n > max {
		report(name + ": " + count(min, max, n))
		return
	}
	for _, v := range values {
		if problem := f(v, p); problem != "" {
			report(name + ": " + problem)
		}
	}
}

// count says how many there should be and how many there are.
func count(min, max, found int) string {
	want := "exactly " + strconv.Itoa(min)
	switch {
	case max == many:
		want = "at least " + strconv.Itoa(min)
	case min < max:
		want = "at most " + strconv.Itoa(max)
	}
	return "expected " + want + ", found " + strconv.Itoa(found)
}

// slotLists goes through the Slots of an object and of its parts.
func slotLists(o *ebrim.RegistryObject, visit func(slots []ebrim.Slot)) {
	visit(o.Slots)
	for _, c := range o.Classifications {
		visit(c.Slots)
	}
	for _, x := range o.ExternalIdentifiers {
		visit(x.Slots)
	}
}

func slotUnique(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	slotLists(o, func(slots []ebrim.Slot) {
		seen := make(map[string]bool, len(slots))
		for _, s := range slots {
			switch {
			case s.Name == "":
				report("Slot/@name: expected a name, found none")
			case seen[s.Name]:
				report("Slot: expected each name once in its object, but " + quote(s.Name) + " occurs twice")
			}
			seen[s.Name] = true
		}
	})
}

// slotValueLength never repeats the value, which may be demographics.
func slotValueLength(o *ebrim.RegistryObject, p Profile, report func(context string)) {
	limit := lenientValue
	if p.Strict {
		limit = schemaValue
	}
	slotLists(o, func(slots []ebrim.Slot) {
		for _, s := range slots {
			for _, v := range s.Values {
				if !atMost(v, limit) {
					report("Slot " + quote(s.Name) + ": expected values of at most " + strconv.Itoa(limit) + " characters, got one of " +
						strconv.Itoa(len([]rune(v))))
				}
			}
		}
	})
}

// slotNames judges names that IHE does not define: extra metadata has a URN outside of urn:ihe:.
func slotNames(s *xds.Submission, _ Profile, report func(location, context string)) {
	for k, o := range objects(s) {
		for _, sl := range o.Slots {
			if sl.Name == "" || knownSlot(k, sl.Name) || isExtra(sl.Name) {
				continue
			}
			report(where(o), "Slot/@name: "+expected("an attribute of "+k.name()+", or for extra metadata a URN outside of urn:ihe:", sl.Name))
		}
	}
}

func knownSlot(k kind, name string) bool {
	switch k {
	case entry:
		switch name {
		case xds.SlotCreationTime, xds.SlotDocumentAvailability, xds.SlotHash, xds.SlotLanguageCode, xds.SlotLegalAuthenticator,
			xds.SlotReferenceIDList, xds.SlotRepositoryUniqueID, xds.SlotServiceStartTime, xds.SlotServiceStopTime, xds.SlotSize,
			xds.SlotSourcePatientID, xds.SlotSourcePatientInfo, xds.SlotURI:
			return true
		}
	case set:
		return name == xds.SlotIntendedRecipient || name == xds.SlotSubmissionTime
	case folder:
		return name == xds.SlotLastUpdateTime
	case association:
		// PreviousVersion has a rule of its own.
		return name == xds.SlotSubmissionSetStatus || name == xds.SlotPreviousVersion
	case unmarked:
		return true
	}
	return false
}

// isExtra: urn:, a namespace identifier, and something in it.
func isExtra(name string) bool {
	parts := strings.SplitN(name, ":", 3)
	return len(parts) == 3 && strings.EqualFold(parts[0], "urn") && len(parts[1]) > 1 && parts[2] != "" &&
		!strings.EqualFold(parts[1], "ihe") && !strings.ContainsAny(name, " \t\n\"<>")
}
