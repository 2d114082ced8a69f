package atna

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"dossier/internal/xmlwire"
)

// timeLayout has microseconds and an explicit zone. Coarser, two events of one kind could be the same message, and a receiver
// that drops what comes again would lose one.
const timeLayout = "2006-01-02T15:04:05.000000Z07:00"

// Append appends the message in the order of the schema, on one line whatever its texts hold (line ends are references, in
// text as in attributes: a receiver may keep messages line by line) and without XML declaration. Characters that XML
// cannot carry are written as Visible shows them; all others come back from Decode as they are.
func Append(dst []byte, e *Event) []byte {
	dst = append(dst, "<AuditMessage>"...)
	dst = appendIdentification(dst, &e.Identification)
	for i := range e.Participants {
		dst = appendParticipant(dst, &e.Participants[i])
	}
	dst = appendSource(dst, &e.Source)
	for i := range e.Objects {
		dst = appendObject(dst, &e.Objects[i])
	}
	return append(dst, "</AuditMessage>"...)
}

func appendIdentification(dst []byte, id *EventIdentification) []byte {
	dst = append(dst, "<EventIdentification"...)
	dst = optional(dst, "EventActionCode", string(id.Action))
	dst = append(dst, ` EventDateTime="`...)
	dst = id.Time.UTC().Truncate(time.Microsecond).AppendFormat(dst, timeLayout)
	dst = append(dst, `" EventOutcomeIndicator="`...)
	dst = strconv.AppendInt(dst, int64(id.Outcome), 10)
	dst = append(dst, `">`...)
	dst = appendCode(dst, "EventID", id.ID)
	dst = appendCodes(dst, "EventTypeCode", id.Types)
	if id.OutcomeDescription != "" {
		dst = append(dst, "<EventOutcomeDescription>"...)
		dst = xmlwire.AppendAttr(dst, Visible(id.OutcomeDescription))
		dst = append(dst, "</EventOutcomeDescription>"...)
	}
	dst = appendCodes(dst, "PurposeOfUse", id.PurposeOfUse)
	return append(dst, "</EventIdentification>"...)
}

func appendParticipant(dst []byte, p *ActiveParticipant) []byte {
	dst = append(dst, "<ActiveParticipant"...)
	dst = attribute(dst, "UserID", p.UserID)
	dst = optional(dst, "AlternativeUserID", p.AlternativeUserID)
	dst = optional(dst, "UserName", p.UserName)
	dst = append(dst, ` UserIsRequestor="`...)
	dst = strconv.AppendBool(dst, p.UserIsRequestor)
	dst = append(dst, '"')
	dst = optional(dst, "NetworkAccessPointID", p.NetworkAccess.ID)
	dst = number(dst, "NetworkAccessPointTypeCode", int(p.NetworkAccess.Type))
	if len(p.Roles) == 0 {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	dst = appendCodes(dst, "RoleIDCode", p.Roles)
	return append(dst, "</ActiveParticipant>"...)
}

func appendSource(dst []byte, s *AuditSource) []byte {
	dst = append(dst, "<AuditSourceIdentification"...)
	dst = optional(dst, "AuditEnterpriseSiteID", s.EnterpriseSiteID)
	dst = attribute(dst, "AuditSourceID", s.ID)
	if len(s.Types) == 0 {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	for _, c := range s.Types {
		dst = append(dst, "<AuditSourceTypeCode"...)
		dst = attribute(dst, "csd-code", c.Value)
		dst = optional(dst, "codeSystemName", c.System)
		dst = optional(dst, "displayName", c.Name)
		dst = optional(dst, "originalText", c.Text)
		dst = append(dst, "/>"...)
	}
	return append(dst, "</AuditSourceIdentification>"...)
}

func appendObject(dst []byte, o *ParticipantObject) []byte {
	dst = append(dst, "<ParticipantObjectIdentification"...)
	dst = optional(dst, "ParticipantObjectID", o.ID)
	dst = number(dst, "ParticipantObjectTypeCode", int(o.Type))
	dst = number(dst, "ParticipantObjectTypeCodeRole", int(o.Role))
	dst = number(dst, "ParticipantObjectDataLifeCycle", int(o.DataLifeCycle))
	dst = optional(dst, "ParticipantObjectSensitivity", o.Sensitivity)
	dst = append(dst, '>')
	dst = appendCode(dst, "ParticipantObjectIDTypeCode", o.IDType)
	switch {
	case len(o.Query) > 0:
		dst = append(dst, "<ParticipantObjectQuery>"...)
		dst = base64.StdEncoding.AppendEncode(dst, o.Query)
		dst = append(dst, "</ParticipantObjectQuery>"...)
	case o.Name != "":
		dst = append(dst, "<ParticipantObjectName>"...)
		dst = xmlwire.AppendAttr(dst, Visible(o.Name))
		dst = append(dst, "</ParticipantObjectName>"...)
	}
	for _, d := range o.Details {
		dst = append(dst, "<ParticipantObjectDetail"...)
		dst = attribute(dst, "type", d.Type)
		dst = append(dst, ` value="`...)
		dst = base64.StdEncoding.AppendEncode(dst, d.Value)
		dst = append(dst, `"/>`...)
	}
	return append(dst, "</ParticipantObjectIdentification>"...)
}

func appendCodes(dst []byte, element string, codes []Code) []byte {
	for _, c := range codes {
		dst = appendCode(dst, element, c)
	}
	return dst
}

func appendCode(dst []byte, element string, c Code) []byte {
	dst = append(dst, '<')
	dst = append(dst, element...)
	dst = attribute(dst, "csd-code", c.Value)
	dst = attribute(dst, "codeSystemName", c.System)
	dst = optional(dst, "displayName", c.Name)
	dst = attribute(dst, "originalText", c.Text)
	return append(dst, "/>"...)
}

func attribute(dst []byte, name, value string) []byte {
	dst = append(dst, ' ')
	dst = append(dst, name...)
	dst = append(dst, '=', '"')
	dst = xmlwire.AppendAttr(dst, Visible(value))
	return append(dst, '"')
}

func optional(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return attribute(dst, name, value)
}

func number(dst []byte, name string, value int) []byte {
	if value == 0 {
		return dst
	}
	return attribute(dst, name, strconv.Itoa(value))
}

// Visible replaces what no XML document can carry: C0 controls by their pictures (U+2400 and up, so that a reader sees
// which one it was), bytes that are not UTF-8 and noncharacters by U+FFFD. TAB, LF and CR stay: XML has references for them.
func Visible(s string) string {
	for i := 0; i < len(s); {
		if c := s[i]; c >= 0x20 && c < 0x80 || c == '\t' || c == '\n' || c == '\r' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if shown(r) != r || r == utf8.RuneError && n == 1 {
			return visible(s, i)
		}
		i += n
	}
	return s
}

// visible rewrites s from its first character that must change, at i.
func visible(s string, i int) string {
	out := append(make([]byte, 0, len(s)+8), s[:i]...)
	for _, r := range s[i:] { // ranging gives U+FFFD for each byte that is not UTF-8
		out = utf8.AppendRune(out, shown(r))
	}
	return string(out)
}

func shown(r rune) rune {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return r
	case r < 0x20:
		return 0x2400 + r
	case r == 0xFFFE || r == 0xFFFF:
		return utf8.RuneError
	}
	return r
}
