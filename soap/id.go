package soap

import (
	"crypto/rand"
	"fmt"
)

// newUUID returns a random UUID in lower case (RFC 9562 version 4).
func newUUID() string {
	var u [16]byte
	rand.Read(u[:]) // never fails: crypto/rand ends the program instead
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// contentID makes a Content-ID without angle brackets; it looks like an address because some readers insist.
func contentID(id string) string { return id + "@dossier" }
