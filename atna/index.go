package atna

import "strings"

// Keys are what an event is searched by.
type Keys struct {
	Patients []string // ids of patient objects as sent, each once
	Users    []string // UserID, UserName and AlternativeUserID of persons and systems, each once
	Types    []Code   // EventTypeCode
}

// Keys collects what the event is searched by.
func (e *Event) Keys() Keys {
	var k Keys
	for _, o := range e.Objects {
		if o.Type == Person && o.Role == PatientRole && o.ID != "" {
			k.Patients = once(k.Patients, o.ID)
		}
	}
	for _, p := range e.Participants {
		for _, s := range []string{p.UserID, p.UserName, alias(p.UserName)} {
			if s != "" {
				k.Users = once(k.Users, s)
			}
		}
	}
	k.Types = e.Identification.Types
	return k
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
