package soap

import (
	"net/url"
	"strings"
)

// MatchContentID tells whether href ("cid:..." of an xop:Include, or a start parameter) means the part with that
// Content-ID: equal without cid: and angle brackets, or equal after percent-decoding both, letter case apart.
// RFC 2392; many senders decode or encode one side only, or change the case on the way.
func MatchContentID(href, contentID string) bool {
	if len(href) >= 4 && strings.EqualFold(href[:4], "cid:") {
		href = href[4:]
	}
	href, contentID = bareID(href), bareID(contentID)
	if href == "" || contentID == "" {
		return false
	}
	return strings.EqualFold(href, contentID) || foldID(href) == foldID(contentID)
}

// bareID removes white space and the angle brackets around a Content-ID.
func bareID(s string) string {
	s = strings.TrimSpace(s)
	s = strings.TrimPrefix(s, "<")
	return strings.TrimSuffix(s, ">")
}

// foldID is the form in which two Content-IDs count as the same.
func foldID(s string) string {
	if strings.Contains(s, "%") {
		if u, err := url.PathUnescape(s); err == nil { // not QueryUnescape: a plus sign is a plus sign
			s = u
		}
	}
	return strings.ToLower(s)
}
