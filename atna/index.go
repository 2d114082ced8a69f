package atna

import "strings"

// Keys are what an event is searched by.
type Keys struct {
	Patients []string // ids of patient objects as sent, each once
	Users    []string // UserID and UserName of persons and systems but for endpoints of web services, each once
	Types    []Code   // EventTypeCode
}

// Keys collects what the event is searched by, as Visible shows it: no column of text holds more than XML does.
func (e *Event) Keys() Keys {
	var k Keys
	for _, o := range e.Objects {
		if o.Type == Person && o.Role == PatientRole && o.ID != "" {
			k.Patients = once(k.Patients, Visible(o.ID))
		}
	}
	for _, p := range e.Participants {
		for _, s := range []string{p.UserID, p.UserName, alias(p.UserName)} {
			if s != "" && !endpoint(s) {
				k.Users = once(k.Users, Visible(s))
			}
		}
	}
	k.Types = e.Identification.Types
	return k
}

// endpoint tells whether a UserID is the address of a web service: that of a server is in each of its events, that of its
// clients says nothing (ITI TF-2: Appendix V). Nobody searches for either.
func endpoint(id string) bool {
	return strings.HasPrefix(id, "http://") || strings.HasPrefix(id, "https://")
}

// alias takes the user out of the form alias<user@issuer> that XUA gives UserName (ITI TF-2: 3.40.4.2).
func alias(name string) string {
	_, rest, ok := strings.Cut(name, "<")
	if !ok || !strings.HasSuffix(rest, ">") {
		return ""
	}
	at := strings.LastIndex(rest, "@")
	if at < 0 {
		return ""
	}
	return rest[:at]
}

func once(list []string, s string) []string {
	for _, x := range list {
		if x == s {
			return list
		}
	}
	return append(list, s)
}
