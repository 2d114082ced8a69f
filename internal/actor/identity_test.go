package actor

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
)

// received is a message in the hands of its handler.
type received struct {
	transaction iti.Transaction
	id, sender  string
	retry       Retry
	list        *ebrim.RegistryObjectList
	documents   []string
}

func (r received) known() [32]byte {
	x := &Exchange{Transaction: r.transaction, MessageID: r.id, sender: r.sender, retry: r.retry}
	documents := map[*ebrim.ExtrinsicObject][32]byte{}
	for i, d := range r.documents {
		var sum [32]byte
		copy(sum[:], d)
		documents[r.list.ExtrinsicObjects[i]] = sum
	}
	x.Identify(r.list, documents)
	return x.Message
}

// list has two documents with symbolic ids and parts, the second one a replacement of something registered.
func twoDocuments() *ebrim.RegistryObjectList {
	entry := func(id, title string) *ebrim.ExtrinsicObject {
		return &ebrim.ExtrinsicObject{MimeType: "text/plain", RegistryObject: ebrim.RegistryObject{
			ID: id, Name: ebrim.InternationalString{{Value: title}}, Slots: []ebrim.Slot{{Name: "creationTime", Values: []string{"2024"}}},
			Classifications:     []*ebrim.Classification{{ID: "c" + id, ClassifiedObject: id, Scheme: "s", NodeRepresentation: "n"}},
			ExternalIdentifiers: []*ebrim.ExternalIdentifier{{ID: "e" + id, RegistryObject: id, Scheme: "s", Value: "2.999." + title}},
		}}
	}
	set := &ebrim.RegistryPackage{RegistryObject: ebrim.RegistryObject{ID: "set"}}
	return &ebrim.RegistryObjectList{
		ExtrinsicObjects: []*ebrim.ExtrinsicObject{entry("d1", "1"), entry("urn:uuid:00000000-0000-4000-8000-0000000000aa", "2")},
		RegistryPackages: []*ebrim.RegistryPackage{set},
		Classifications:  []*ebrim.Classification{{ID: "top", ClassifiedObject: "set", Node: xds.NodeSubmissionSet}},
		Associations: []*ebrim.Association{
			{RegistryObject: ebrim.RegistryObject{ID: "a1"}, Type: "t", Source: "set", Target: "d1"},
			{RegistryObject: ebrim.RegistryObject{ID: "a2"}, Type: "t", Source: "d1", Target: "urn:uuid:00000000-0000-4000-8000-0000000000bb"},
		},
	}
}

// TestIdentify: what is one message and what is another, by MessageID and by content.
func TestIdentify(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change             func(*received)
		message, byContent bool // the same as before
	}{
		"nothing":             {func(*received) {}, true, true},
		"MessageID":           {func(r *received) { r.id = "urn:uuid:2" }, false, true},
		"no MessageID":        {func(r *received) { r.id = "" }, false, true},
		"sender":              {func(r *received) { r.sender = "CN=other" }, false, false},
		"transaction":         {func(r *received) { r.transaction = iti.RegisterDocumentSet }, false, false},
		"document":            {func(r *received) { r.documents[1] = "three" }, false, false},
		"document missing":    {func(r *received) { r.documents = r.documents[:1] }, false, false},
		"documents exchanged": {func(r *received) { r.documents[0], r.documents[1] = r.documents[1], r.documents[0] }, false, false},
		"title":               {func(r *received) { r.list.ExtrinsicObjects[0].Name[0].Value += " " }, false, false},
		"slot":                {func(r *received) { r.list.ExtrinsicObjects[1].Slots[0].Values[0] = "2025" }, false, false},
		"identifier":          {func(r *received) { r.list.ExtrinsicObjects[0].ExternalIdentifiers[0].Value += "1" }, false, false},
		"code":                {func(r *received) { r.list.ExtrinsicObjects[0].Classifications[0].NodeRepresentation = "m" }, false, false},
		"mimeType":            {func(r *received) { r.list.ExtrinsicObjects[0].MimeType = "text/xml" }, false, false},
		"UUID of a document": {func(r *received) {
			r.list.ExtrinsicObjects[1].ID = strings.Replace(r.list.ExtrinsicObjects[1].ID, "aa", "ab", 1)
		}, false, false},
		"target":               {func(r *received) { r.list.Associations[1].Target += "0" }, false, false},
		"order of documents":   {func(r *received) { o := r.list.ExtrinsicObjects; o[0], o[1] = o[1], o[0] }, false, false},
		"one Association less": {func(r *received) { r.list.Associations = r.list.Associations[:1] }, false, false},
		"source":               {func(r *received) { r.list.Associations[0].Source = "d1" }, false, false},
		"symbols":              {func(r *received) { rename(r.list, "d1", "Document01") }, false, true},
		"id of a part":         {func(r *received) { r.list.ExtrinsicObjects[0].Classifications[0].ID = "urn:uuid:x" }, false, true},
		"id of a marker":       {func(r *received) { r.list.Classifications[0].ID = "m" }, false, true},
		"owner of a marker":    {func(r *received) { r.list.Classifications[0].ClassifiedObject = "d1" }, false, false},
		"case of a target UUID": {func(r *received) {
			r.list.Associations[1].Target = strings.Replace(r.list.Associations[1].Target, "bb", "BB", 1)
		}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for retry, same := range map[Retry]bool{RetryMessage: c.message, RetryContent: c.byContent} {
				message := func() *received {
					return &received{iti.ProvideAndRegisterDocumentSet, "urn:uuid:1", "", retry, twoDocuments(), []string{"one", "two"}}
				}
				first, second := message(), message()
				c.change(second)
				if a, b := first.known(), second.known(); (a == b) != same || a == ([32]byte{}) {
					t.Errorf("registry.retry %s: the same is %v, want %v", retry, a == b, same)
				}
			}
		})
	}
	if (received{retry: RetryMessage, list: twoDocuments()}).known() != ([32]byte{}) {
		t.Error("a message without MessageID is known by something")
	}
}

// TestIdentifyLeavesTheList: what is registered is what came.
func TestIdentifyLeavesTheList(t *testing.T) {
	t.Parallel()
	for _, retry := range []Retry{RetryMessage, RetryContent} {
		l := twoDocuments()
		received{id: "x", retry: retry, list: l}.known()
		if got, want := ebrim.AppendRegistryObjectList(nil, l), ebrim.AppendRegistryObjectList(nil, twoDocuments()); string(got) != string(want) {
			t.Errorf("%s: the list was changed to\n%s\nfrom\n%s", retry, got, want)
		}
	}
}

func rename(l *ebrim.RegistryObjectList, from, to string) {
	o := l.ExtrinsicObjects[0]
	o.ID, o.Classifications[0].ClassifiedObject, o.ExternalIdentifiers[0].RegistryObject = to, to, to
	for _, a := range l.Associations {
		if a.Source == from {
			a.Source = to
		}
		if a.Target == from {
			a.Target = to
		}
	}
}

// TestSender: only what the transport proves counts; a renewed certificate is the same sender, an address none.
func TestSender(t *testing.T) {
	t.Parallel()
	peer := func(addr, subject string, serial byte, verified bool) soap.Peer {
		c := &x509.Certificate{RawIssuer: []byte("CN=authority"), RawSubject: []byte(subject), Raw: []byte{serial}}
		state := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}}
		if verified {
			state.VerifiedChains = [][]*x509.Certificate{{c}}
		}
		return soap.Peer{Addr: addr, TLS: state}
	}
	plain := soap.Peer{Addr: "10.0.0.1:1"}
	if Sender(plain) != "" || Sender(plain) != Sender(soap.Peer{Addr: "10.9.9.9:2"}) || Sender(soap.Peer{TLS: &tls.ConnectionState{}}) != "" {
		t.Error("an address makes a sender")
	}
	if Sender(peer("a", "CN=x", 1, false)) != "" {
		t.Error("a certificate that nobody verified makes a sender")
	}
	one := Sender(peer("10.0.0.1:1", "CN=x", 1, true))
	if one == "" || one != Sender(peer("10.9.9.9:2", "CN=x", 2, true)) {
		t.Error("the same subject with a renewed certificate from elsewhere is another sender")
	}
	if one == Sender(peer("10.0.0.1:1", "CN=y", 1, true)) {
		t.Error("two subjects are one sender")
	}
}

// TestForwardID: a UUID that depends on the message and on who forwards it, and none for what cannot be known again.
func TestForwardID(t *testing.T) {
	t.Parallel()
	x, y := &Exchange{Message: [32]byte{1}}, &Exchange{Message: [32]byte{2}}
	id := x.ForwardID("2.999.1")
	if !xds.IsUUID(id) || id != x.ForwardID("2.999.1") || id == y.ForwardID("2.999.1") || id == x.ForwardID("2.999.2") {
		t.Errorf("got %q", id)
	}
	if got := (&Exchange{}).ForwardID("2.999.1"); got != "" {
		t.Errorf("got %q for a message that is not known", got)
	}
}
