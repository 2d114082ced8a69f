package manager

import (
	"errors"

	"dossier/hl7v2"
	"dossier/pix"
)

// place is where something stands in a message.
type place struct {
	segment                     string
	sequence, field, repetition int
	component                   int // 0: as the refusal has it
}

func (p place) refuse(code, component int, text string, cause error) *hl7v2.Error {
	return &hl7v2.Error{Code: code, Segment: p.segment, Sequence: p.sequence, Field: p.field, Repetition: p.repetition,
		Component: component, Text: text, Err: cause}
}

// places says where the parts of a feed or query stand.
type places map[pix.Part][]place

// errorAt words what the core refused for HL7 v2; all refusals of several. Other errors stay as they are.
func (p places) errorAt(err error) error {
	var merge *pix.MergeError
	var several refusals
	var one *pix.Refusal
	switch {
	case errors.As(err, &merge):
		part := pix.PartOther
		if merge.Reason == pix.MergeSurvivorUnknown || merge.Reason == pix.MergeSurvivorSubsumed {
			part = pix.PartID
		}
		return p.at(part, 0).refuse(hl7v2.CodeUnknownKey, 1, string(merge.Reason), err)
	case errors.As(err, &several):
		var out []error
		for _, r := range several {
			out = append(out, p.refusal(r))
		}
		return errors.Join(out...)
	case errors.As(err, &one):
		return p.refusal(one)
	}
	return err
}

func (p places) refusal(r *pix.Refusal) *hl7v2.Error {
	part, component := r.Part, 1
	switch part {
	case pix.PartAuthority:
		part, component = pix.PartID, 4
	case pix.PartDomain, pix.PartCriterion, pix.PartPointer:
		component = 0
	}
	at := p.at(part, r.Index)
	if at.component != 0 {
		component = at.component
	}
	return at.refuse(codeOf(r.Reason), component, r.Text(), r)
}

func (p places) at(part pix.Part, index int) place {
	if list := p[part]; index < len(list) {
		return list[index]
	}
	return place{}
}

// codeOf gives the code of HL7 table 0357 for a reason.
func codeOf(r pix.Reason) int {
	switch r {
	case pix.NoID:
		return hl7v2.CodeRequiredFieldMissing
	case pix.BadID:
		return hl7v2.CodeDataType
	case pix.TakenID:
		return hl7v2.CodeDuplicateKey
	case pix.KeptApart:
		return hl7v2.CodeLocked
	case pix.TooLoose, pix.NoCriteria:
		return hl7v2.CodeInternal
	}
	return hl7v2.CodeUnknownKey
}
