package syslog

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"
)

// AuditPriority is facility 10 (security), severity 5 (notice); AlertPriority has severity 4 (warning).
const (
	AuditPriority = 10*8 + 5
	AlertPriority = 10*8 + 4
)

// AuditMsgID is the MSGID of audit messages (ITI TF-2: 3.20.4.1.2.1).
const AuditMsgID = "IHE+RFC-3881"

// bom says that the text after it is UTF-8 (RFC 5424 section 6.4).
const bom = "\xef\xbb\xbf"

// Message is a message of RFC 5424. Empty header fields are "-" on the wire.
type Message struct {
	Priority int
	Time     time.Time // the zero time is "-"
	Hostname string
	AppName  string
	ProcID   string
	MsgID    string
	Data     string // STRUCTURED-DATA as it stands; "" is "-"
	Text     []byte // without byte order mark
}

// Append appends the message, its text marked as UTF-8. Characters that a header field cannot have become "_", and what is
// too long is cut: a header is never a reason not to send.
func (m *Message) Append(dst []byte) []byte {
	dst = append(dst, '<')
	dst = strconv.AppendInt(dst, int64(m.Priority), 10)
	dst = append(dst, ">1 "...)
	if m.Time.IsZero() {
		dst = append(dst, '-')
	} else {
		dst = m.Time.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	}
	for _, f := range []struct {
		value string
		most  int
	}{{m.Hostname, 255}, {m.AppName, 48}, {m.ProcID, 128}, {m.MsgID, 32}} {
		dst = append(dst, ' ')
		dst = appendField(dst, f.value, f.most)
	}
	dst = append(dst, ' ')
	if m.Data == "" {
		dst = append(dst, '-')
	} else {
		dst = append(dst, m.Data...)
	}
	if len(m.Text) == 0 {
		return dst
	}
	dst = append(dst, " "+bom...)
	return append(dst, m.Text...)
}

// appendField writes a header field: PRINTUSASCII of limited length.
func appendField(dst []byte, s string, most int) []byte {
	if s == "" {
		return append(dst, '-')
	}
	for i := range min(len(s), most) {
		c := s[i]
		if c <= ' ' || c > '~' {
			c = '_'
		}
		dst = append(dst, c)
	}
	return dst
}

// ErrSyntax says that a message is not one of RFC 5424.
var ErrSyntax = errors.New("syslog: not a message of RFC 5424")

// Parse reads a message of RFC 5424. Any priority and MSGID is taken (ITI TF-2: 3.20.4.1.2.1), and header fields may be
// longer than allowed. Text aliases b.
func Parse(b []byte) (Message, error) {
	var m Message
	rest, ok := bytes.CutPrefix(b, []byte("<"))
	end := bytes.IndexByte(rest[:min(len(rest), 4)], '>')
	if !ok || end < 1 {
		return m, ErrSyntax
	}
	n, err := strconv.ParseUint(string(rest[:end]), 10, 8)
	if err != nil || n > 191 {
		return m, ErrSyntax
	}
	m.Priority = int(n)
	if rest, ok = bytes.CutPrefix(rest[end+1:], []byte("1 ")); !ok {
		return m, ErrSyntax
	}
	var stamp string
	for _, to := range []*string{&stamp, &m.Hostname, &m.AppName, &m.ProcID, &m.MsgID} {
		field, after, ok := bytes.Cut(rest, []byte(" "))
		if !ok || len(field) == 0 || len(field) > 512 {
			return m, ErrSyntax
		}
		if *to, rest = string(field), after; *to == "-" {
			*to = ""
		}
	}
	if stamp != "" {
		if m.Time, err = time.Parse(time.RFC3339Nano, stamp); err != nil {
			return m, ErrSyntax
		}
	}
	size := dataLength(rest)
	if size < 0 {
		return m, ErrSyntax
	}
	if m.Data = string(rest[:size]); m.Data == "-" {
		m.Data = ""
	}
	if rest = rest[size:]; len(rest) > 0 {
		if rest[0] != ' ' {
			return m, ErrSyntax
		}
		m.Text = bytes.TrimPrefix(rest[1:], []byte(bom))
	}
	return m, nil
}

// dataLength is the length of STRUCTURED-DATA at the start of b, -1 when there is none (RFC 5424 section 6.3).
func dataLength(b []byte) int {
	if len(b) > 0 && b[0] == '-' {
		return 1
	}
	i := 0
	for i < len(b) && b[i] == '[' {
		quoted := false
		for i++; ; i++ {
			switch {
			case i == len(b):
				return -1
			case quoted && b[i] == '\\' && i+1 < len(b):
				i++
			case b[i] == '"':
				quoted = !quoted
			}
			if !quoted && b[i] == ']' {
				break
			}
		}
		i++
	}
	if i == 0 {
		return -1
	}
	return i
}

// Payload finds the XML in a message: the text of one of RFC 5424, or what looks like XML in any other.
func Payload(b []byte) []byte {
	if m, err := Parse(b); err == nil {
		return bytes.TrimSpace(m.Text)
	}
	s := string(b)
	at := strings.Index(s, "<?xml")
	if at < 0 {
		at = strings.Index(s, "<AuditMessage")
	}
	if at < 0 {
		return nil
	}
	return bytes.TrimSpace(b[at:])
}
