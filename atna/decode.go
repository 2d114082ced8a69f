package atna

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dossier/internal/xmlwire"
)

// decodeLimits are for one message: queries and assertions make it large, not many elements.
var decodeLimits = xmlwire.Limits{Bytes: 4 << 20, Depth: 16, Elements: 50_000, AttrValue: 1 << 20}

// Decode reads one message. It demands what an index needs (an event with code, time and outcome, a participant, a
// source) and tolerates the rest; tolerated lists what a sender did not do as the schema wants it. The message may keep
// strings of b, which must not change any more.
func Decode(b []byte) (e *Event, tolerated []string, err error) {
	doc, err := xmlwire.Parse(b, decodeLimits)
	if err != nil {
		return nil, nil, fmt.Errorf("audit message: %w", err)
	}
	if doc.Root.Name.Local != "AuditMessage" {
		return nil, nil, errors.New("audit message: expected AuditMessage as root element")
	}
	d := &decoder{e: &Event{}}
	if doc.Root.Name.Space != "" {
		d.note("AuditMessage is in a namespace")
	}
	d.message(doc.Root)
	if d.err != nil {
		return nil, d.notes, fmt.Errorf("audit message: %w", d.err)
	}
	return d.e, d.notes, nil
}

// decoder keeps the first error and what was tolerated, each once.
type decoder struct {
	e     *Event
	notes []string
	err   error
}

func (d *decoder) fail(text string) {
	if d.err == nil {
		d.err = errors.New(text)
	}
}

func (d *decoder) note(text string) {
	for _, n := range d.notes {
		if n == text {
			return
		}
	}
	d.notes = append(d.notes, text)
}

func (d *decoder) message(root *xmlwire.Element) {
	var identified, sourced bool
	for c := range root.Children() {
		switch c.Name.Local {
		case "EventIdentification":
			if identified {
				d.fail("EventIdentification occurs twice")
			}
			identified = true
			d.identification(c)
		case "ActiveParticipant":
			d.participant(c)
		case "AuditSourceIdentification":
			if sourced {
				d.note("AuditSourceIdentification occurs twice; the first counts")
				continue
			}
			sourced = true
			d.source(c)
		case "ParticipantObjectIdentification":
			d.object(c)
		default:
			d.note("unknown element in AuditMessage")
		}
	}
	switch {
	case !identified:
		d.fail("expected EventIdentification, found none")
	case len(d.e.Participants) == 0:
		d.fail("expected at least one ActiveParticipant, found none")
	case !sourced:
		d.fail("expected AuditSourceIdentification, found none")
	}
}

func (d *decoder) identification(x *xmlwire.Element) {
	id := &d.e.Identification
	id.Action = Action(strings.TrimSpace(x.Attr("EventActionCode")))
	switch id.Action {
	case "", Create, Read, Update, Delete, Execute:
	default:
		d.note("EventActionCode is none of C R U D E")
	}
	switch outcome, err := strconv.Atoi(strings.TrimSpace(x.Attr("EventOutcomeIndicator"))); {
	case err != nil || outcome != 0 && outcome != 4 && outcome != 8 && outcome != 12:
		d.fail("EventOutcomeIndicator: expected 0, 4, 8 or 12")
	default:
		id.Outcome = Outcome(outcome)
	}
	id.Time = d.time(strings.TrimSpace(x.Attr("EventDateTime")))
	found := false
	for c := range x.Children() {
		switch c.Name.Local {
		case "EventID":
			id.ID, found = d.code(c), true
		case "EventTypeCode":
			id.Types = append(id.Types, d.code(c))
		case "EventOutcomeDescription":
			id.OutcomeDescription = c.Text()
		case "PurposeOfUse":
			id.PurposeOfUse = append(id.PurposeOfUse, d.code(c))
		default:
			d.note("unknown element in EventIdentification")
		}
	}
	if !found {
		d.fail("expected EventID, found none")
	}
}

// time reads xs:dateTime; one without zone is taken for UTC and noted.
func (d *decoder) time(s string) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC()
	}
	if t, err := time.Parse("2006-01-02T15:04:05.999999999", s); err == nil {
		d.note("EventDateTime has no zone; taken for UTC")
		return t
	}
	d.fail("EventDateTime: expected xs:dateTime")
	return time.Time{}
}

func (d *decoder) participant(x *xmlwire.Element) {
	p := ActiveParticipant{
		UserID: x.Attr("UserID"), AlternativeUserID: x.Attr("AlternativeUserID"), UserName: x.Attr("UserName"),
		NetworkAccess: NetworkAccessPoint{
			ID: x.Attr("NetworkAccessPointID"), Type: NetworkAccessPointType(d.number(x, "NetworkAccessPointTypeCode", int(URI))),
		},
	}
	if _, ok := x.LookupAttr("", "UserID"); !ok {
		d.note("ActiveParticipant without UserID")
	}
	switch strings.TrimSpace(x.Attr("UserIsRequestor")) {
	case "true", "1":
		p.UserIsRequestor = true
	case "false", "0":
	default:
		d.note("UserIsRequestor is missing or no xs:boolean; taken for false")
	}
	for c := range x.Children() {
		switch c.Name.Local {
		case "RoleIDCode":
			p.Roles = append(p.Roles, d.code(c))
		case "MediaIdentifier":
		default:
			d.note("unknown element in ActiveParticipant")
		}
	}
	d.e.Participants = append(d.e.Participants, p)
}

func (d *decoder) source(x *xmlwire.Element) {
	s := &d.e.Source
	s.EnterpriseSiteID, s.ID = x.Attr("AuditEnterpriseSiteID"), x.Attr("AuditSourceID")
	if s.ID == "" {
		d.note("AuditSourceIdentification without AuditSourceID")
	}
	for c := range x.Children() {
		if c.Name.Local == "AuditSourceTypeCode" {
			s.Types = append(s.Types, Code{Value: d.value(c), System: c.Attr("codeSystemName"), Text: c.Attr("originalText"), Name: c.Attr("displayName")})
		}
	}
}

func (d *decoder) object(x *xmlwire.Element) {
	o := ParticipantObject{
		ID: x.Attr("ParticipantObjectID"), Sensitivity: x.Attr("ParticipantObjectSensitivity"),
		Type:          ObjectType(d.number(x, "ParticipantObjectTypeCode", int(Other))),
		Role:          ObjectRole(d.number(x, "ParticipantObjectTypeCodeRole", int(lastRole))),
		DataLifeCycle: DataLifeCycle(d.number(x, "ParticipantObjectDataLifeCycle", int(lastLifeCycle))),
	}
	for c := range x.Children() {
		switch c.Name.Local {
		case "ParticipantObjectIDTypeCode":
			o.IDType = d.code(c)
		case "ParticipantObjectName":
			o.Name = c.Text()
		case "ParticipantObjectQuery":
			o.Query = d.binary(c.Text())
		case "ParticipantObjectDetail":
			o.Details = append(o.Details, Detail{Type: c.Attr("type"), Value: d.binary(c.Attr("value"))})
		case "ParticipantObjectDescription":
		default:
			d.note("unknown element in ParticipantObjectIdentification")
		}
	}
	if o.Name != "" && len(o.Query) > 0 {
		d.note("object with both ParticipantObjectName and ParticipantObjectQuery")
	}
	d.e.Objects = append(d.e.Objects, o)
}

// code reads a coded value; messages of RFC 3881 have code and displayName where DICOM has csd-code and originalText.
func (d *decoder) code(x *xmlwire.Element) Code {
	c := Code{Value: d.value(x), System: x.Attr("codeSystemName"), Text: x.Attr("originalText"), Name: x.Attr("displayName")}
	if c.Text == "" && c.Name != "" {
		d.note("displayName without originalText")
		c.Text, c.Name = c.Name, ""
	}
	return c
}

func (d *decoder) value(x *xmlwire.Element) string {
	if v, ok := x.LookupAttr("", "csd-code"); ok {
		return v
	}
	if v, ok := x.LookupAttr("", "code"); ok {
		d.note("code instead of csd-code")
		return v
	}
	d.note("coded value without csd-code")
	return ""
}

// number reads an enumerated value from 1 to most, 0 for none.
func (d *decoder) number(x *xmlwire.Element, name string, most int) int {
	s, ok := x.LookupAttr("", name)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 || n > most {
		d.note(name + " is none of the enumerated values")
		return 0
	}
	return n
}

// binary reads base64 with blanks in it; text that is none is kept as it is.
func (d *decoder) binary(s string) []byte {
	packed := strings.Join(strings.Fields(s), "")
	if packed == "" {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		d.note("value is not base64")
		return []byte(s)
	}
	return b
}
