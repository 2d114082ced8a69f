package actor

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"dossier/ebrim"
	"dossier/soap"
	"dossier/xds"
)

// Retry says which messages are one: what tells a retransmission, whose answer may have been lost, from a new submission.
type Retry string

// The ways to know a retransmission.
const (
	RetryMessage Retry = "message" // same wsa:MessageID, sender and content
	RetryContent Retry = "content" // same sender and content, rebuilt or not
)

// Sender names who sent a message, as far as the transport proves it: the subject of a verified client certificate, which
// outlives the certificate's renewal, or nobody in particular. The address is no part of it. It proves nothing, it changes
// with NAT, DHCP and the nodes of a cluster, and who can repeat a submission word for word, documents and MessageID
// included, learns nothing from hearing that it was registered.
func Sender(p soap.Peer) string {
	c := p.Certificate()
	if c == nil || len(p.TLS.VerifiedChains) == 0 {
		return ""
	}
	return string(c.RawIssuer) + string(c.RawSubject)
}

// Identify notes what the message is known by when it comes again: nothing without a MessageID, unless the content alone
// counts. It must be called before anybody writes into the list; documents holds the SHA-256 of those that came.
func (x *Exchange) Identify(list *ebrim.RegistryObjectList, documents map[*ebrim.ExtrinsicObject][32]byte) {
	var id string
	switch {
	case x.retry == RetryContent:
		rebuilt, same := xds.AsRebuilt(list)
		digests := make(map[*ebrim.ExtrinsicObject][32]byte, len(documents))
		for o, d := range documents {
			digests[same[o]] = d
		}
		list, documents = rebuilt, digests
	case x.MessageID == "":
		return
	default:
		id = x.MessageID
	}
	content := xds.Digest(list, documents)
	h := sha256.New()
	for _, part := range []string{string(x.retry), x.Transaction.ID, id, x.sender, string(content[:])} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	h.Sum(x.Message[:0])
}

// ForwardID is the MessageID under which a message goes on to the next actor: the same for a retransmission, so that it is
// one there too. It is "" when the message cannot be known again.
func (x *Exchange) ForwardID(by string) string {
	if x.Message == ([32]byte{}) {
		return ""
	}
	u := sha256.Sum256(append([]byte(by+"\x00"), x.Message[:]...))
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80 // UUID version 8: made by a rule of one's own (RFC 9562 section 5.8)
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}
