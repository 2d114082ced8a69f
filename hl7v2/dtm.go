package hl7v2

import (
	"strings"
	"time"
)

// DTM is a time in UTC as XDS metadata writes it: YYYY[MM[DD[hh[mm[ss]]]]], 4 to 14 digits. Its length is its
// precision. The empty DTM is no time.
type DTM string

const dtmLayout = "20060102150405"

// ParseDTM reads a time. Besides the strict form of ITI TF-3: Table 4.2.3.1.7-2 it takes trailing blanks, a
// fraction of a second (cut) and a zone +hhmm or -hhmm (converted to UTC). A zone beside a time without hours is
// dropped, since a day has no UTC form; one of odd minutes turns a time without minutes into one with minutes.
func ParseDTM(s string) (DTM, error) {
	bad := func(want string) (DTM, error) {
		return "", &FormatError{Type: "DTM", Want: want, Got: s}
	}
	text := strings.TrimSpace(s)
	text, zone := cutZone(text)
	text, fraction, hasFraction := strings.Cut(text, ".")
	switch {
	case !digits(text) || len(text) < 4 || len(text) > 14 || len(text)%2 != 0:
		return bad("4, 6, 8, 10, 12 or 14 digits YYYYMMDDhhmmss")
	case hasFraction && (len(text) != 14 || !digits(fraction) || len(fraction) == 0 || len(fraction) > 9):
		return bad("a fraction of 1 to 9 digits after the seconds only")
	}
	t, err := time.Parse(dtmLayout, DTM(text).Low())
	if err != nil || t.Year() == 0 {
		return bad("a date and time that exist")
	}
	if zone == "" {
		return DTM(text), nil
	}
	offset, ok := zoneOffset(zone)
	if !ok {
		return bad("a zone +hhmm or -hhmm of at most 14 hours")
	}
	d := DTM(text).shift(t, offset)
	if len(d)%2 != 0 || strings.HasPrefix(string(d), "0000") || strings.HasPrefix(string(d), "-") {
		return bad("a time between the years 0001 and 9999 in UTC")
	}
	return d, nil
}

// cutZone splits the zone, with its sign, from the time.
func cutZone(s string) (text, zone string) {
	if i := strings.IndexAny(s, "+-"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// zoneOffset reads +hhmm or -hhmm.
func zoneOffset(zone string) (time.Duration, bool) {
	if len(zone) != 5 || !digits(zone[1:]) {
		return 0, false
	}
	h := time.Duration(zone[1]-'0')*10 + time.Duration(zone[2]-'0')
	m := time.Duration(zone[3]-'0')*10 + time.Duration(zone[4]-'0')
	offset := h*time.Hour + m*time.Minute
	if m > 59 || offset > 14*time.Hour {
		return 0, false
	}
	if zone[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// shift moves d, whose low bound is t, from a zone to UTC.
func (d DTM) shift(t time.Time, offset time.Duration) DTM {
	n := len(d)
	if n < 10 {
		return d
	}
	if n == 10 && offset%time.Hour != 0 {
		n = 12
	}
	return DTM(t.Add(-offset).Format(dtmLayout[:n]))
}

// Low returns the first second that d can mean, 14 digits: 2024 gives 20240101000000.
func (d DTM) Low() string {
	if d == "" || len(d) >= len(dtmLayout) {
		return string(d)
	}
	return string(d) + "00000101000000"[len(d):]
}

// High returns the last second that d can mean, 14 digits: 202402 gives 20240229235959.
func (d DTM) High() string {
	if d == "" || len(d) >= len(dtmLayout) {
		return string(d)
	}
	if len(d) == 6 {
		if t, err := time.Parse("200601", string(d)); err == nil {
			return t.AddDate(0, 1, -1).Format("20060102") + "235959"
		}
	}
	return string(d) + "00001231235959"[len(d):]
}

// Time returns the first second that d can mean, or the zero time when d is not one ParseDTM or FormatDTM gave.
func (d DTM) Time() time.Time {
	t, err := time.Parse(dtmLayout, d.Low())
	if err != nil {
		return time.Time{}
	}
	return t
}

// FormatDTM gives t in UTC, 14 digits; a fraction is cut. The year must lie between 1 and 9999.
func FormatDTM(t time.Time) DTM { return DTM(t.UTC().Format(dtmLayout)) }
