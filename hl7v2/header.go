package hl7v2

import "fmt"

// Header is what MSH says (ITI TF-2: C.2.2).
type Header struct {
	SendingApplication, SendingFacility     HD
	ReceivingApplication, ReceivingFacility HD
	Time                                    string // MSH-7 as sent; writers give it with a zone
	Type, Trigger, Structure                string // MSH-9
	ControlID                               string // MSH-10
	ProcessingID                            string // MSH-11: P, T or D
	Version                                 string // MSH-12: 2.3.1 or 2.5
	Profile                                 string // MSH-21
}

// maxControlID is the longest MSH-10 taken, in bytes: ten times the 20 characters of v2.5, and the 199 of v2.7.
const maxControlID = 199

// Header reads MSH. The fields are filled as far as possible even when an error comes with them: an *Error that
// rejects the message because MSH-9, 10, 11 or 12 is missing or MSH-10 is overlong. Whether type, event, processing
// id and version are supported is the receiver's to say.
func (m *Message) Header() (Header, error) {
	msh := m.segments[0]
	typ := msh.Field(9).Repetition(1)
	h := Header{
		SendingApplication:   msh.Field(3).Repetition(1).HD(),
		SendingFacility:      msh.Field(4).Repetition(1).HD(),
		ReceivingApplication: msh.Field(5).Repetition(1).HD(),
		ReceivingFacility:    msh.Field(6).Repetition(1).HD(),
		Time:                 msh.Field(7).Component(1),
		Type:                 typ.trimmed(1), Trigger: typ.trimmed(2), Structure: typ.trimmed(3),
		ControlID:    msh.Field(10).Text(),
		ProcessingID: msh.Field(11).Repetition(1).trimmed(1),
		Version:      msh.Field(12).Repetition(1).trimmed(1),
		Profile:      msh.Field(21).Text(),
	}
	for _, need := range []struct {
		field int
		value string
		name  string
	}{
		{9, h.Type, "the message type"}, {10, h.ControlID, "the message control id"},
		{11, h.ProcessingID, "the processing id"}, {12, h.Version, "the version id"},
	} {
		if need.value == "" {
			return h, &Error{Ack: Reject, Code: CodeRequiredFieldMissing, Segment: "MSH", Sequence: 1, Field: need.field,
				Text: fmt.Sprintf("expected %s in MSH-%d, found none", need.name, need.field)}
		}
	}
	if len(h.ControlID) > maxControlID {
		return h, &Error{Ack: Reject, Code: CodeDataType, Segment: "MSH", Sequence: 1, Field: 10,
			Text: fmt.Sprintf("expected at most %d bytes in MSH-10, got %d", maxControlID, len(h.ControlID))}
	}
	return h, nil
}

// HD reads the repetition as an HD whose parts are components, as MSH-3 to MSH-6 have it. Nothing is checked:
// senders put anything there.
func (r Repetition) HD() HD { return HD{r.trimmed(1), r.trimmed(2), r.trimmed(3)} }
