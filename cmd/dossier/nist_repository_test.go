package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"dossier/xds"
)

// unmeasured takes away what a source need not know: size, hash and the repository.
func unmeasured(e *xds.DocumentEntry) { e.Hash, e.Size, e.RepositoryUniqueID = "", -1, "" }

// measured lets the source announce size and hash of the content.
func measured(content []byte) func(*xds.DocumentEntry) {
	sum := sha1.Sum(content)
	return func(e *xds.DocumentEntry) {
		e.Hash, e.Size, e.RepositoryUniqueID = hex.EncodeToString(sum[:]), int64(len(content)), ""
	}
}

// contentOf makes up the bytes of a document, with all that could be mistaken for a MIME boundary or text.
func contentOf(title string, size int) []byte {
	b := []byte("document " + title + "\r\n--boundary\r\n\x00\xff\r\n")
	for i := 0; len(b) < size; i++ {
		b = append(b, byte(i*7))
	}
	return b
}

// contents pairs the documents of a draft, in order, with bytes.
func (d *draft) contents(bytes ...[]byte) map[string][]byte {
	out := map[string][]byte{}
	for i, b := range bytes {
		out[string(d.DocumentEntries[i].EntryUUID)] = b
	}
	return out
}

// wantStored checks that a document is registered with what the repository found out about it, and comes back.
func (s *site) wantStored(t testing.TB, e *xds.DocumentEntry, content []byte) {
	t.Helper()
	got := s.find(t, getDocuments, "XDSDocumentEntryUniqueId", list(string(e.UniqueID))).DocumentEntries
	if len(got) != 1 {
		t.Fatalf("%s: %d DocumentEntries", e.Title, len(got))
	}
	sum := sha1.Sum(content)
	if x := got[0]; x.Hash != hex.EncodeToString(sum[:]) || x.Size != int64(len(content)) || x.RepositoryUniqueID != s.node.config.Repository.ID || x.MimeType != e.MimeType {
		t.Errorf("%s: hash %s, size %d, repositoryUniqueId %s, mimeType %s", e.Title, x.Hash, x.Size, x.RepositoryUniqueID, x.MimeType)
	}
	r, documents := s.retrieve(t, got[0].RepositoryUniqueID, string(e.UniqueID))
	wantSuccess(t, r.Status, r.Errors)
	if len(documents) != 1 || !bytes.Equal(documents[0].content, content) || documents[0].document != string(e.UniqueID) || documents[0].mimeType != e.MimeType {
		t.Errorf("%s: came back as %+.200v", e.Title, documents)
	}
}

// wantNotStored checks that neither registry nor repository knows the documents of a draft.
func (s *site) wantNotStored(t testing.TB, d *draft) {
	t.Helper()
	s.absent(t, d)
	for _, e := range d.DocumentEntries {
		r, _ := s.retrieve(t, s.node.config.Repository.ID, string(e.UniqueID))
		wantFailure(t, r.Status, r.Errors, "XDSDocumentUniqueIdError")
	}
}

func TestNIST_11966(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		for _, size := range []int{0, 1000, 300000} {
			d := s.draft(t, nistPatient)
			e := d.entry(fmt.Sprintf("%d bytes", size), unmeasured)
			content := contentOf(e.Title, size)
			if size == 0 {
				content = []byte{}
			}
			r := s.provide(t, d.Build(), d.contents(content))
			wantSuccess(t, r.Status, r.Errors)
			s.wantStored(t, e, content)
		}
	})
}

// twoProvided provides two documents in one submission with symbolic ids.
func (s *site) twoProvided(t testing.TB) (*draft, [][]byte) {
	t.Helper()
	d := s.draft(t, nistPatient)
	d.entry("one", unmeasured)
	d.entry("two", unmeasured, func(e *xds.DocumentEntry) { e.MimeType = "application/pdf" })
	d.symbolic()
	content := [][]byte{contentOf("one", 500), contentOf("two", 70000)}
	r := s.provide(t, d.Build(), d.contents(content...))
	wantSuccess(t, r.Status, r.Errors)
	return d, content
}

func TestNIST_11979(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d, content := s.twoProvided(t)
		for i, e := range d.DocumentEntries {
			s.wantStored(t, e, content[i])
		}
	})
}

func TestNIST_11981(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		content := contentOf("announced", 2000)
		for _, change := range []func(*xds.DocumentEntry){
			func(*xds.DocumentEntry) {},
			func(e *xds.DocumentEntry) { e.Hash = strings.ToUpper(e.Hash) },
			func(e *xds.DocumentEntry) { e.Hash = "" },
			func(e *xds.DocumentEntry) { e.Size = -1 },
			func(e *xds.DocumentEntry) { e.RepositoryUniqueID = "2.999.404" },
		} {
			d := s.draft(t, nistPatient)
			e := d.entry("announced", measured(content), change)
			r := s.provide(t, d.Build(), d.contents(content))
			wantSuccess(t, r.Status, r.Errors)
			s.wantStored(t, e, content)
		}
	})
}

func TestNIST_12369(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		content := contentOf("announced", 2000)
		for name, change := range map[string]func(*xds.DocumentEntry){
			"size": func(e *xds.DocumentEntry) { e.Size++ },
			"hash": func(e *xds.DocumentEntry) { e.Hash = strings.Repeat("0", 40) },
			"both": func(e *xds.DocumentEntry) { e.Size, e.Hash = 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		} {
			t.Run(name, func(t *testing.T) {
				d := s.draft(t, nistPatient)
				d.entry("right", measured(content))
				d.entry("wrong", measured(content), change)
				r := s.provide(t, d.Build(), d.contents(content, content))
				wantFailure(t, r.Status, r.Errors, "XDSRepositoryMetadataError")
				s.wantNotStored(t, d)
			})
		}
	})
}

func TestNIST_11983(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		content := contentOf("one", 500)
		d := s.draft(t, nistPatient)
		d.entry("one", unmeasured)
		r := s.provide(t, d.Build(), nil)
		wantFailure(t, r.Status, r.Errors, "XDSMissingDocument")
		s.wantNotStored(t, d)
		extra := d.contents(content)
		extra["nobody"] = contentOf("nobody", 100)
		r = s.provide(t, d.Build(), extra)
		wantFailure(t, r.Status, r.Errors, "XDSMissingDocumentMetadata")
		s.wantNotStored(t, d)
		r = s.provide(t, d.Build(), map[string][]byte{"nobody": content})
		wantFailure(t, r.Status, r.Errors, "XDSMissingDocument", "XDSMissingDocumentMetadata")
		s.wantNotStored(t, d)
		bare := s.draft(t, nistPatient)
		bare.folder("folder alone", "fc-1")
		r = s.provide(t, bare.Build(), map[string][]byte{"nobody": content})
		wantFailure(t, r.Status, r.Errors, "XDSMissingDocumentMetadata")
		s.wantNotStored(t, bare)
		r = s.provide(t, bare.Build(), nil) // nothing to store, something to register
		wantSuccess(t, r.Status, r.Errors)
		r = s.provide(t, d.Build(), d.contents(content))
		wantSuccess(t, r.Status, r.Errors)
	})
}

func TestNIST_11986(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient, nistOther)
		old := s.registered(t, nistPatient, "old")
		replaced := s.registered(t, nistPatient, "replaced")
		s.mustRelate(t, xds.Replace, replaced, "new")
		for _, c := range []struct {
			name   string
			change func(d *draft)
			codes  []string
		}{
			{"patient mismatch", func(d *draft) { d.DocumentEntries[0].PatientID = cx(t, nistOther) }, []string{"XDSPatientIdDoesNotMatch"}},
			{"patient mismatch, both unknown", func(d *draft) {
				d.DocumentEntries[0].PatientID, d.SubmissionSet().PatientID = cx(t, "NOBODY"), cx(t, "NOBODY-ELSE")
			}, []string{"XDSPatientIdDoesNotMatch", "XDSUnknownPatientId"}},
			{"unknown patient", func(d *draft) {
				d.DocumentEntries[0].PatientID, d.SubmissionSet().PatientID = cx(t, "NOBODY"), cx(t, "NOBODY")
			}, []string{"XDSUnknownPatientId"}},
			{"missing attribute", func(d *draft) { d.DocumentEntries[0].TypeCode = xds.Code{} }, []string{"XDSRegistryMetadataError"}},
			{"deprecated target", func(d *draft) {
				d.relate(xds.Append, d.DocumentEntries[0].EntryUUID, replaced.EntryUUID)
			}, []string{deprecatedTarget}},
			{"other hash", func(d *draft) { d.DocumentEntries[0].UniqueID = old.UniqueID }, []string{"XDSNonIdenticalHash", "XDSNonIdenticalSize"}},
			{"same uniqueId twice", func(d *draft) { d.SubmissionSet().UniqueID = d.DocumentEntries[0].UniqueID }, []string{"XDSRegistryDuplicateUniqueIdInMessage"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				d := s.draft(t, nistPatient)
				d.entry("refused", unmeasured)
				c.change(d)
				r := s.provide(t, d.Build(), d.contents(contentOf("refused", 800)))
				wantFailure(t, r.Status, r.Errors, c.codes...)
				s.wantNotStored(t, d)
			})
		}
		s.wantStatus(t, xds.Approved, old)
	})
}

func TestNIST_12029(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d := s.draft(t, nistPatient)
		e, content := d.entry("one", unmeasured), contentOf("one", 100000)
		r := s.provide(t, d.Build(), d.contents(content))
		wantSuccess(t, r.Status, r.Errors)
		s.wantStored(t, e, content)
		// A document outlives its being current.
		d, now := s.related(t, xds.Replace, e, "new")
		unmeasured(now)
		r = s.provide(t, d.Build(), d.contents(contentOf("new", 10)))
		wantSuccess(t, r.Status, r.Errors)
		s.wantStatus(t, xds.Deprecated, e)
		s.wantStored(t, e, content)
		s.wantStored(t, now, contentOf("new", 10))
	})
}

func TestNIST_12021(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d, content := s.twoProvided(t)
		one, two, mine := string(d.DocumentEntries[0].UniqueID), string(d.DocumentEntries[1].UniqueID), s.node.config.Repository.ID
		r, documents := s.retrieve(t, mine, two, mine, one)
		wantSuccess(t, r.Status, r.Errors)
		if len(documents) != 2 || documents[0].document != two || documents[1].document != one ||
			!bytes.Equal(documents[0].content, content[1]) || !bytes.Equal(documents[1].content, content[0]) {
			t.Errorf("came back as %+.300v", documents)
		}
		for _, d := range documents {
			if d.repository != mine {
				t.Errorf("RepositoryUniqueId %q", d.repository)
			}
		}
	})
}

func TestNIST_12360(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		types := []string{"text/plain", "text/xml", "application/pdf", "application/dicom", "application/hl7-v3+xml", "image/jpeg", "application/vnd.example.report-1.0+json"}
		d := s.draft(t, nistPatient)
		var contents [][]byte
		for i, typ := range types {
			d.entry(typ, unmeasured, func(e *xds.DocumentEntry) { e.MimeType = typ })
			contents = append(contents, contentOf(typ, 100+i))
		}
		r := s.provide(t, d.Build(), d.contents(contents...))
		wantSuccess(t, r.Status, r.Errors)
		for i, e := range d.DocumentEntries {
			s.wantStored(t, e, contents[i])
		}
	})
}

func TestNIST_15816(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d, content := s.twoProvided(t)
		one, two, mine := string(d.DocumentEntries[0].UniqueID), string(d.DocumentEntries[1].UniqueID), s.node.config.Repository.ID
		const unknown, other = "2.999.404.1", "2.999.404"
		for _, c := range []struct {
			name      string
			ask       []string
			status    string
			documents []string
			errors    map[string]string // by location
		}{
			{"unknown document", []string{mine, unknown}, "Failure", nil, map[string]string{unknown: "XDSDocumentUniqueIdError"}},
			{"unknown repository", []string{other, one}, "Failure", nil, map[string]string{one: "XDSUnknownRepositoryId"}},
			{"both unknown", []string{mine, unknown, other, one}, "Failure", nil,
				map[string]string{unknown: "XDSDocumentUniqueIdError", one: "XDSUnknownRepositoryId"}},
			{"one unknown", []string{mine, one, mine, unknown}, "PartialSuccess", []string{one}, map[string]string{unknown: "XDSDocumentUniqueIdError"}},
			{"one elsewhere", []string{other, one, mine, two}, "PartialSuccess", []string{two}, map[string]string{one: "XDSUnknownRepositoryId"}},
			{"all of it", []string{mine, unknown, mine, two, other, one, mine, one}, "PartialSuccess", []string{two, one},
				map[string]string{unknown: "XDSDocumentUniqueIdError", one: "XDSUnknownRepositoryId"}},
			{"twice the same", []string{mine, one, mine, one}, "Success", []string{one, one}, map[string]string{}},
		} {
			t.Run(c.name, func(t *testing.T) {
				r, documents := s.retrieve(t, c.ask...)
				if last(r.Status) != c.status {
					t.Errorf("%s, want %s", last(r.Status), c.status)
				}
				got := map[string]string{}
				for _, e := range r.Errors {
					got[e.Location] = e.Code
				}
				if fmt.Sprint(got) != fmt.Sprint(c.errors) || len(r.Errors) != len(c.errors) {
					t.Errorf("errors %v, want %v", got, c.errors)
				}
				var ids []string
				for _, d := range documents {
					ids = append(ids, d.document)
					if want := content[map[string]int{one: 0, two: 1}[d.document]]; !bytes.Equal(d.content, want) {
						t.Errorf("document %s came back with other bytes", d.document)
					}
				}
				if fmt.Sprint(ids) != fmt.Sprint(c.documents) {
					t.Errorf("documents %v, want %v", ids, c.documents)
				}
			})
		}
	})
}
