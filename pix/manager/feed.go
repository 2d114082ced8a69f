package manager

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"

	"dossier/hl7v2"
	"dossier/pix"
)

// triggers says what the trigger events of ITI-8 and ITI-30 do (ITI TF-2: 3.8.4.1.2, 3.30.4).
var triggers = map[string]pix.Event{
	"A01": pix.EventCreate, "A04": pix.EventCreate, "A05": pix.EventCreate, "A08": pix.EventRevise, "A40": pix.EventMerge,
	"A28": pix.EventCreate, "A31": pix.EventUpdate, "A47": pix.EventChange, "A24": pix.EventLink, "A37": pix.EventUnlink,
}

// feed makes the change that a message of ITI-8 or ITI-30 reports.
func (m *Manager) feed(ctx context.Context, r *request) ([]byte, error) {
	f := pix.Feed{Event: triggers[r.header.Trigger], Origin: m.origin(r.header)}
	var places places
	var err error
	switch f.Event {
	case pix.EventMerge, pix.EventChange:
		places, err = pairOf(r.msg, "MRG", &f)
	case pix.EventLink, pix.EventUnlink:
		places, err = twoPatients(r.msg, &f)
	default:
		if places, err = patient(r.msg, &f); err == nil && (r.header.Trigger == "A28" || r.header.Trigger == "A31") {
			err = needName(&f)
		}
	}
	m.Core.fed(r.x, &f)
	if err != nil {
		return nil, err
	}
	return nil, places.errorAt(m.Core.Feed(r.x.Change(ctx), f))
}

// origin says where a message comes from.
func (m *Manager) origin(h hl7v2.Header) pix.Origin {
	return pix.Origin{Source: source(h), Message: h.ControlID, Digest: identity(h), At: m.Now()}
}

// source names the sender by MSH-3 and MSH-4: by namespace, or by universal id where that is all there is.
func source(h hl7v2.Header) pix.Source {
	name := func(d hl7v2.HD) string {
		if d.Namespace != "" {
			return d.Namespace
		}
		return d.UniversalID
	}
	return pix.Source{Application: name(h.SendingApplication), Facility: name(h.SendingFacility)}
}

// identity is what a message is known by when its acknowledgement was lost and it comes again: MSH-10, which is unique for
// each sending application (HL7 v2.5 2.15.9.10), and who that is (MSH-3, MSH-4). Of the rest only the pair of ids counts,
// because nothing else of it has an effect.
func identity(h hl7v2.Header) [32]byte {
	a, f := h.SendingApplication, h.SendingFacility
	return sha256.Sum256(fmt.Appendf(nil, "%q", []string{
		a.Namespace, a.UniversalID, a.UniversalIDType, f.Namespace, f.UniversalID, f.UniversalIDType, h.ControlID,
	}))
}

// patient reads the one patient of a message with demographics.
func patient(msg *hl7v2.Message, f *pix.Feed) (places, error) {
	if err := count(msg, "PID", 1); err != nil {
		return places{}, err
	}
	pid := msg.Segment("PID")
	ids, at, err := readIdentifiers(pid, "PID", 3)
	if err != nil {
		return places{}, err
	}
	f.IDs = ids
	if err := readPID(pid, f); err != nil {
		return places{}, err
	}
	f.National = nationals(pid)
	return places{pix.PartID: at}, nil
}

// needName refuses a patient without a name: ITI-30 requires PID-5, and so does ITI-8, whose senders often leave it out.
func needName(f *pix.Feed) error {
	if len(f.Demographics.Names) > 0 {
		return nil
	}
	return place{segment: "PID", sequence: 1, field: 5}.refuse(hl7v2.CodeRequiredFieldMissing, 0, "expected a name, found none", nil)
}

// pairOf reads the two ids of a merge or change. Several pairs, which later versions of HL7 allow, are refused: a pair that
// nobody looks at must not be acknowledged (ITI TF-2: 3.8.4.2.2).
func pairOf(msg *hl7v2.Message, second string, f *pix.Feed) (places, error) {
	for _, name := range []string{"PID", second} {
		if err := count(msg, name, 1); err != nil {
			return places{}, err
		}
	}
	ids, at, err := readIdentifiers(msg.Segment("PID"), "PID", 3)
	if err != nil {
		return places{}, err
	}
	other, otherAt, err := readIdentifiers(msg.Segment(second), second, 1)
	if err != nil {
		return places{}, err
	}
	f.IDs, f.Other = ids, other
	return places{pix.PartID: at, pix.PartOther: otherAt}, nil
}

// twoPatients reads the two patients of a link or unlink, each with a PID of its own.
func twoPatients(msg *hl7v2.Message, f *pix.Feed) (places, error) {
	var pids []hl7v2.Segment
	for s := range msg.Segments() {
		if s.Name() == "PID" {
			pids = append(pids, s)
		}
	}
	if len(pids) != 2 {
		return places{}, &hl7v2.Error{Code: hl7v2.CodeSegmentSequence, Segment: "PID", Sequence: max(len(pids), 1),
			Text: "expected two PID in a message, found " + strconv.Itoa(len(pids))}
	}
	ids, at, err := readIdentifiers(pids[0], "PID", 3)
	if err != nil {
		return places{}, err
	}
	other, otherAt, err := readIdentifiers(pids[1], "PID", 3)
	if err != nil {
		return places{}, err
	}
	f.IDs, f.Other = ids, other
	return places{pix.PartID: at, pix.PartOther: otherAt}, nil
}

// count refuses a segment that is there too often; one that is missing is found when it is read.
func count(msg *hl7v2.Message, name string, most int) error {
	n := 0
	for s := range msg.Segments() {
		if s.Name() == name {
			n++
		}
	}
	if n <= most {
		return nil
	}
	return &hl7v2.Error{Code: hl7v2.CodeSegmentSequence, Segment: name, Sequence: most + 1,
		Text: "expected one " + name + " in a message, found " + strconv.Itoa(n)}
}

// readIdentifiers reads a list of ids and where each of them stands.
func readIdentifiers(s hl7v2.Segment, segment string, field int) ([]hl7v2.CX, []place, error) {
	at := place{segment: segment, sequence: max(s.Sequence(), 1), field: field}
	var out []hl7v2.CX
	var where []place
	n := 0
	for r := range s.Field(field).Repetitions() {
		if n++; r.IsEmpty() {
			continue
		}
		at.repetition = n
		id, err := r.CX()
		if err != nil {
			return nil, nil, at.refuse(hl7v2.CodeDataType, 0, err.Error(), err)
		}
		out, where = append(out, id), append(where, at)
	}
	if len(out) == 0 {
		at.repetition = 0
		return nil, nil, at.refuse(hl7v2.CodeRequiredFieldMissing, 0, string(pix.NoID), nil)
	}
	return out, where, nil
}
