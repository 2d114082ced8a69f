package main

import (
	"crypto/sha1"
	"encoding/hex"
	"io"
	"math/big"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"dossier/hl7v2"
	"dossier/xds"
)

// metadata builds the submission; each file is read once for size and hash.
func (s *submission) metadata(patient hl7v2.CX, files []string) (*xds.Submission, error) {
	now := hl7v2.FormatDTM(time.Now())
	set := &xds.SubmissionSet{
		EntryUUID: newEntryUUID(), PatientID: patient, SourceID: s.sourceID, SubmissionTime: now, UniqueID: newOID(),
		Title: s.title, Comments: s.comments, Authors: s.authors(),
	}
	var err error
	if set.ContentTypeCode, err = codeFlag("content-type", s.content); err != nil {
		return nil, err
	}
	m := &xds.Submission{SubmissionSets: []*xds.SubmissionSet{set}}
	for _, name := range files {
		e, err := s.entry(patient, name)
		if err != nil {
			return nil, err
		}
		m.DocumentEntries = append(m.DocumentEntries, e)
		m.Associations = append(m.Associations, &xds.Association{
			EntryUUID: newEntryUUID(), Type: xds.HasMember, Source: set.EntryUUID, Target: e.EntryUUID, SubmissionSetStatus: xds.Original,
		})
		for _, rel := range []struct {
			target string
			typ    xds.AssociationType
		}{{s.replace, xds.Replace}, {s.transform, xds.Transform}, {s.appendTo, xds.Append}} {
			if rel.target != "" {
				m.Associations = append(m.Associations, &xds.Association{EntryUUID: newEntryUUID(), Type: rel.typ, Source: e.EntryUUID, Target: xds.EntryUUID(rel.target)})
			}
		}
	}
	return m, nil
}

func (s *submission) authors() []xds.Author {
	return []xds.Author{{Person: s.author, Institutions: []string{s.institution}}}
}

func (s *submission) entry(patient hl7v2.CX, name string) (*xds.DocumentEntry, error) {
	e := &xds.DocumentEntry{
		Authors: s.authors(), EntryUUID: newEntryUUID(), LanguageCode: s.language, ObjectType: xds.Stable,
		PatientID: patient, SourcePatientID: patient, Title: s.title, UniqueID: xds.UniqueID(s.uniqueID), MimeType: s.mimeType,
		ConfidentialityCodes: make([]xds.Code, 1),
	}
	if e.Title == "" {
		e.Title = filepath.Base(name)
	}
	if e.UniqueID == "" {
		e.UniqueID = newOID()
	}
	if s.sourcePatient != "" {
		cx, err := hl7v2.ParseCX(s.sourcePatient)
		if err != nil {
			return nil, usagef("--source-patient: %w", err)
		}
		e.SourcePatientID = cx
	}
	for _, c := range []struct {
		flag, text string
		to         *xds.Code
	}{
		{"class", s.class, &e.ClassCode}, {"type", s.typ, &e.TypeCode}, {"format", s.format, &e.FormatCode},
		{"facility", s.facility, &e.HealthcareFacilityTypeCode}, {"practice", s.practice, &e.PracticeSettingCode},
		{"confidentiality", s.confidentiality, &e.ConfidentialityCodes[0]},
	} {
		var err error
		if *c.to, err = codeFlag(c.flag, c.text); err != nil {
			return nil, err
		}
	}
	return e, s.describeFile(e, name)
}

// describeFile fills in what the file itself tells: size, hash, time and type.
func (s *submission) describeFile(e *xds.DocumentEntry, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	h := sha1.New()
	h.Write(head[:n])
	rest, err := io.Copy(h, newProgress(f, "reading "+filepath.Base(name), info.Size()))
	if err != nil {
		return err
	}
	e.Size, e.Hash = int64(n)+rest, hex.EncodeToString(h.Sum(nil))
	if e.MimeType == "" {
		e.MimeType = guessType(name, head[:n])
	}
	e.CreationTime = hl7v2.FormatDTM(info.ModTime())
	if s.created != "" {
		if e.CreationTime, err = hl7v2.ParseDTM(s.created); err != nil {
			return usagef("--creation-time: %w", err)
		}
	}
	return nil
}

// guessType knows the types of clinical documents; everything else is left to the system.
func guessType(name string, head []byte) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".xml", ".cda":
		return "text/xml"
	case ".pdf":
		return "application/pdf"
	case ".dcm":
		return "application/dicom"
	case ".txt":
		return "text/plain"
	}
	if len(head) >= 132 && string(head[128:132]) == "DICM" {
		return "application/dicom"
	}
	t, _, err := mime.ParseMediaType(http.DetectContentType(head))
	if err != nil {
		return "application/octet-stream"
	}
	return t
}

// codeFlag reads code^display^scheme.
func codeFlag(flag, text string) (xds.Code, error) {
	parts := strings.Split(text, "^")
	if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return xds.Code{}, usagef("--%s: expected code^display^scheme, got %q", flag, text)
	}
	c := xds.Code{Code: parts[0], Display: parts[1], Scheme: parts[2]}
	if c.Display == "" {
		c.Display = c.Code
	}
	return c, nil
}

func newEntryUUID() xds.EntryUUID { return xds.EntryUUID("urn:uuid:" + uuid.NewString()) }

// newOID makes an OID of a UUID under 2.25 (ITU-T X.667), at most 44 characters.
func newOID() xds.UniqueID {
	id := uuid.New()
	return xds.UniqueID("2.25." + new(big.Int).SetBytes(id[:]).String())
}
