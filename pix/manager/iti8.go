package manager

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"dossier/hl7v2"
	"dossier/pix"
)

// admit makes the patient's ids of the affinity domain known; ids of other domains are not this registry's business
// (ITI TF-2: 3.8.4.1.3.1).
func (m *Manager) admit(ctx context.Context, msg *hl7v2.Message) error {
	ids, err := m.identifiers(msg.Field("PID", 3), "PID", 3)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return &hl7v2.Error{Code: hl7v2.CodeUnknownKey, Segment: "PID", Sequence: 1, Field: 3, Repetition: 1, Component: 4,
			Text: "expected an id assigned by the affinity domain " + m.Domain.UniversalID}
	}
	for _, id := range ids {
		if err := m.Index.AddPatient(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// merge makes the id of MRG-1 an alias of that of PID-3, for good (ITI TF-2: 3.8.4.2).
func (m *Manager) merge(ctx context.Context, h hl7v2.Header, msg *hl7v2.Message) error {
	if err := onePair(msg); err != nil {
		return err
	}
	survivor, err := m.one(msg, "PID", 3)
	if err != nil {
		return err
	}
	subsumed, err := m.one(msg, "MRG", 1)
	if err != nil {
		return err
	}
	err = m.Index.MergePatient(ctx, pix.Merge{Survivor: survivor, Subsumed: subsumed, Message: identity(h)})
	var refused *pix.MergeError
	if !errors.As(err, &refused) {
		return err
	}
	at := hl7v2.Error{Code: hl7v2.CodeUnknownKey, Segment: "MRG", Sequence: 1, Field: 1, Repetition: 1, Component: 1, Text: string(refused.Reason), Err: err}
	if refused.Reason == pix.MergeSurvivorUnknown || refused.Reason == pix.MergeSurvivorSubsumed {
		at.Segment, at.Field = "PID", 3
	}
	return &at
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

// onePair refuses a message that merges several pairs, which later versions of HL7 allow: a pair that nobody looks at must
// not be acknowledged (ITI TF-2: 3.8.4.2.2).
func onePair(msg *hl7v2.Message) error {
	seen := map[string]int{}
	for s := range msg.Segments() {
		seen[s.Name()]++
	}
	for _, name := range []string{"PID", "MRG"} {
		if seen[name] > 1 {
			return &hl7v2.Error{Code: hl7v2.CodeSegmentSequence, Segment: name, Sequence: 2,
				Text: "expected one pair of PID and MRG in a message, found " + strconv.Itoa(seen[name]) + " of " + name}
		}
	}
	return nil
}

// one reads the single id of the affinity domain that a merge names on each side.
func (m *Manager) one(msg *hl7v2.Message, segment string, field int) (hl7v2.CX, error) {
	ids, err := m.identifiers(msg.Field(segment, field), segment, field)
	if err != nil {
		return hl7v2.CX{}, err
	}
	if len(ids) != 1 {
		return hl7v2.CX{}, &hl7v2.Error{Code: hl7v2.CodeUnknownKey, Segment: segment, Sequence: 1, Field: field, Repetition: 1, Component: 4,
			Text: "expected exactly one id assigned by the affinity domain " + m.Domain.UniversalID}
	}
	return ids[0], nil
}

// identifiers returns the ids that the affinity domain assigned, with its OID.
func (m *Manager) identifiers(f hl7v2.Field, segment string, field int) ([]hl7v2.CX, error) {
	if f.IsEmpty() {
		return nil, &hl7v2.Error{Code: hl7v2.CodeRequiredFieldMissing, Segment: segment, Sequence: 1, Field: field, Text: "expected an identifier, found none"}
	}
	var out []hl7v2.CX
	for r := range f.Repetitions() {
		if r.IsEmpty() {
			continue
		}
		id, err := r.CX()
		if err != nil {
			return nil, &hl7v2.Error{Code: hl7v2.CodeDataType, Segment: segment, Sequence: 1, Field: field, Text: err.Error(), Err: err}
		}
		if m.assigned(id.Authority) {
			out = append(out, hl7v2.CX{ID: id.ID, Authority: hl7v2.HD{UniversalID: m.Domain.UniversalID, UniversalIDType: "ISO"}})
		}
	}
	return out, nil
}

// assigned tells whether the authority is the affinity domain: by OID, or by namespace where no OID is given. When both
// are given they must agree (ITI TF-2: Appendix E).
func (m *Manager) assigned(a hl7v2.HD) bool {
	if a.UniversalID != "" {
		return a.UniversalID == m.Domain.UniversalID
	}
	return a.Namespace != "" && strings.EqualFold(a.Namespace, m.Domain.Namespace)
}
