package hl7v3

import (
	"fmt"
	"strings"
)

// Limits of what is taken from a message beyond those of the reader. Nobody has that many; each costs a look-up.
const (
	maxIDs    = 200  // ids of one patient, domains of one query
	maxValues = 50   // repetitions of a name, an address
	maxText   = 1000 // bytes of one name part, address part, telecom or identifier
)

// problems collects what is wrong with a message.
type problems struct {
	of   Interaction
	list []Detail
}

// add notes an error at a path below the root element. section is where the rule stands.
func (p *problems) add(code, path, text, section string) {
	p.list = append(p.list, Detail{Type: "E", Code: code, System: SystemErrors, Text: text + " (" + section + ")", Locations: []string{xpath(p.of, path)}})
}

// warn notes what the transaction asks for and we can do without.
func (p *problems) warn(path, text, section string) {
	p.add(RequiredMissing, path, text, section)
	p.list[len(p.list)-1].Type = "W"
}

// xpath words a path below the root element for acknowledgementDetail/location.
func xpath(of Interaction, path string) string {
	return "//hl7:" + string(of) + "/hl7:" + strings.ReplaceAll(path, "/", "/hl7:")
}

const (
	byParameter  = "controlActProcess/queryByParameter"
	parameters   = byParameter + "/parameterList"
	continuation = "controlActProcess/queryContinuation"
)

// Place is the XPath of a query's parameter, for a refusal that names it.
func (t *Transmission) Place(p Param) string { return xpath(t.Interaction, parameters+"/"+p.At) }

// ListPlace is the XPath of a query's parameterList.
func (t *Transmission) ListPlace() string { return xpath(t.Interaction, parameters) }

// IDPlace is the XPath of id n of a feed's patient, counted from 0.
func (f *Feed) IDPlace(n int) string {
	return xpath(f.Interaction, nth(patientPath+"/id", n, len(f.Subjects[0].Patient.IDs)))
}

// PriorPlace is the XPath of the subsumed id.
func (f *Feed) PriorPlace() string { return xpath(f.Interaction, priorPath) }

// QueryPlace is the XPath of a continuation's queryId.
func (c *Continuation) QueryPlace() string { return xpath(c.Interaction, continuation+"/queryId") }

// Unknown is the detail for an identifier or a domain that is not known (ITI TF-2: 3.45.4.2.3 cases 4 and 5, 3.47.4.2.3 case 3).
func Unknown(location, text string) Detail {
	return Detail{Type: "E", Code: UnknownKey, System: SystemV2Errors, Text: text, Locations: []string{location}}
}

// Refused reports whether any of the details is an error.
func Refused(details []Detail) bool {
	for _, d := range details {
		if d.Type != "W" && d.Type != "I" {
			return true
		}
	}
	return false
}

const sectionWrapper = "ITI TF-2: O.1.1"

// transmission checks the codes of the wrapper that have an error of their own; missing ones are let pass.
func (p *problems) transmission(t *Transmission) {
	switch strings.ToUpper(t.Processing) {
	case "", "P", "T", "D":
	default:
		p.add(UnsupportedProcessID, "processingCode", "expected P, T or D", sectionWrapper)
	}
	switch strings.ToUpper(t.ProcessingMode) {
	case "", "T":
	default:
		p.add(UnsupportedMode, "processingModeCode", "expected T, current processing", sectionWrapper)
	}
}

// patientID checks an identifier of a patient: an OID and an extension. The value itself is not repeated.
func (p *problems) patientID(id II, path, section string) bool {
	switch {
	case id.NullFlavor != "" && id.IsZero():
		p.add(RequiredMissing, path, "expected an id, found nullFlavor "+clip(id.NullFlavor), section)
	case id.Root == "":
		p.add(RequiredMissing, path, "expected root, the OID of the assigning authority, found none", section)
	case id.Extension == "":
		p.add(RequiredMissing, path, "expected extension, the identifier, found none", section)
	default:
		_, err := id.CX()
		if err == nil {
			return true
		}
		p.add(DataTypeError, path, "expected root to be an OID and extension to be an identifier of 1 to 256 printable characters", section)
	}
	return false
}

// most checks how often something is repeated.
func (p *problems) most(n, limit int, path, section string) {
	if n > limit {
		p.add(ConstraintViolated, path, fmt.Sprintf("expected at most %d, found %d", limit, n), section)
	}
}

// clip shortens what a peer sent before it is echoed to that peer.
func clip(s string) string {
	if len(s) <= 64 {
		return s
	}
	return strings.ToValidUTF8(s[:64], "") + "..."
}
