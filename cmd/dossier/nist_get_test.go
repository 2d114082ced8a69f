package main

import (
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/xds"
)

const (
	byUUID     = "XDSDocumentEntryEntryUUID"
	byUniqueID = "XDSDocumentEntryUniqueId"

	nowhere = "urn:uuid:00000000-0000-4000-8000-000000000404"

	notSinglePatient = "XDSResultNotSinglePatient"
)

// one and several give a parameter that names objects of the scene by entryUUID.
func (c *scene) one(param, name string, more ...string) []string {
	return append([]string{param, str(c.uuid(name)[0])}, more...)
}

func (c *scene) several(param string, names ...string) []string {
	return []string{param, list(c.uuid(names...)...)}
}

func TestNIST_11901(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		c.run(t, getDocuments, []probe{
			hit("one uuid", c.several(byUUID, "d1"), "d1"),
			hit("two uuids", c.several(byUUID, "d3", "d1"), "d1", "d3"),
			hit("the same twice", []string{byUUID, list(c.uuid("d1")[0], c.uuid("d1")[0])}, "d1"),
			hit("deprecated", c.several(byUUID, "d2", "d4"), "d2", "d4"),
			hit("one known of two", []string{byUUID, list(nowhere, c.uuid("d3")[0])}, "d3"),
			miss("unknown uuid", []string{byUUID, list(nowhere)}),
			miss("uuid of a folder", c.several(byUUID, "f1", "s1")),
			hit("one uniqueid", []string{byUniqueID, list(c.uniqueID("d3"))}, "d3"),
			hit("two uniqueids", []string{byUniqueID, list(c.uniqueID("d3"), c.uniqueID("d2"))}, "d2", "d3"),
			hit("uniqueid of two entries", []string{byUniqueID, list(c.uniqueID("d1"))}, "d1", "d12"),
			miss("unknown uniqueid", []string{byUniqueID, list("2.999.404")}),
			miss("uniqueid of a folder", []string{byUniqueID, list(c.uniqueID("f1"))}),
			refuses("both", append(c.several(byUUID, "d1"), byUniqueID, list(c.uniqueID("d1"))), paramNumber),
			refuses("none", nil, missingParam),
		})
	})
}

func TestNIST_11902(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		const uuid, unique = "XDSFolderEntryUUID", "XDSFolderUniqueId"
		c.run(t, getFolders, []probe{
			hit("one uuid", c.several(uuid, "f1"), "f1"),
			hit("two uuids", c.several(uuid, "f1", "f2"), "f1", "f2"),
			miss("unknown uuid", []string{uuid, list(nowhere)}),
			miss("uuid of a document and a set", c.several(uuid, "d1", "s2")),
			hit("one uniqueid", []string{unique, list(c.uniqueID("f2"))}, "f2"),
			hit("two uniqueids", []string{unique, list(c.uniqueID("f2"), c.uniqueID("f1"))}, "f1", "f2"),
			miss("unknown uniqueid", []string{unique, list(c.uniqueID("d1"))}),
			refuses("both", append(c.several(uuid, "f1"), unique, list(c.uniqueID("f1"))), paramNumber),
			refuses("none", nil, missingParam),
		})
	})
}

func TestNIST_11903(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		membership := c.uuid("HasMember f1>d1")
		c.run(t, getAssociations, []probe{
			hit("of a document", c.several("uuid", "d1"), c.touching("d1")...),
			hit("of a replaced document", c.several("uuid", "d2"), "HasMember s1>d2", "RPLC d4>d2"),
			hit("of two documents", c.several("uuid", "d2", "d4"), "HasMember s1>d2", "HasMember s4>d4", "RPLC d4>d2"),
			hit("of a folder", c.several("uuid", "f2"), "HasMember s8>f2", "HasMember f2>d8", "HasMember f2>d9"),
			hit("of a set", c.several("uuid", "s9"), "HasMember s9>d9", "HasMember s9>[HasMember f2>d9]"),
			hit("of an association", []string{"uuid", list(membership...)}, "HasMember s3>[HasMember f1>d1]"),
			hit("over patients", c.several("uuid", "d6", "s11"), c.touching("d6", "s11")...),
			miss("unknown uuid", []string{"uuid", list(nowhere)}),
			refuses("none", nil, missingParam),
			refuses("empty", []string{"uuid", "()"}, missingParam),
		})
	})
}

func TestNIST_11904(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		and := func(documents ...string) []string { return append(documents, c.touching(documents...)...) }
		c.run(t, getDocumentsAndAssociations, []probe{
			hit("one uuid", c.several(byUUID, "d1"), and("d1")...),
			hit("two uuids", c.several(byUUID, "d2", "d4"), and("d2", "d4")...),
			hit("uniqueid", []string{byUniqueID, list(c.uniqueID("d9"))}, and("d9")...),
			hit("uniqueid of two entries", []string{byUniqueID, list(c.uniqueID("d1"))}, and("d1", "d12")...),
			miss("unknown uuid", []string{byUUID, list(nowhere)}),
			miss("uuid of a folder", c.several(byUUID, "f1")),
			miss("unknown uniqueid", []string{byUniqueID, list("2.999.404")}),
			refuses("both", append(c.several(byUUID, "d1"), byUniqueID, list(c.uniqueID("d1"))), paramNumber),
			refuses("none", nil, missingParam),
		})
	})
}

func TestNIST_11905(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		c.run(t, getSubmissionSets, []probe{
			hit("of a document", c.several("uuid", "d3"), "s2", "HasMember s2>d3"),
			hit("of a document with a reference", c.several("uuid", "d1"), "s1", "s10", "HasMember s1>d1", "HasMember s10>d1"),
			hit("of a folder", c.several("uuid", "f1"), "s2", "HasMember s2>f1"),
			hit("of both", c.several("uuid", "f1", "d3", "d2"), "s1", "s2", "HasMember s2>f1", "HasMember s2>d3", "HasMember s1>d2"),
			miss("unknown uuid", []string{"uuid", list(nowhere)}),
			miss("uuid of a set", c.several("uuid", "s1")),
			refuses("none", nil, missingParam),
		})
	})
}

func TestNIST_11906(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		const uuid, unique = "XDSSubmissionSetEntryUUID", "XDSSubmissionSetUniqueId"
		withFolder := []string{"s2", "f1", "HasMember s2>f1"}
		whole := append([]string{"d3", "HasMember s2>d3", "HasMember f1>d3", "HasMember s2>[HasMember f1>d3]"}, withFolder...)
		c.run(t, getSubmissionSetAndContents, []probe{
			hit("uuid", c.one(uuid, "s2"), whole...),
			hit("uniqueid", []string{unique, str(c.uniqueID("s2"))}, whole...),
			hit("two documents, one deprecated since", c.one(uuid, "s1"), "s1", "d1", "d2", "HasMember s1>d1", "HasMember s1>d2"),
			hit("old document into old folder", c.one(uuid, "s3"), "s3"),
			hit("reference", c.one(uuid, "s10"), "s10", "d1", "HasMember s10>d1"),
			hit("replacement", c.one(uuid, "s9"), "s9", "d9", "HasMember s9>d9"),
			hit("formatcode", c.one(uuid, "s2", "XDSDocumentEntryFormatCode", codeList("format-2")), whole...),
			hit("formatcode of one of two", c.one(uuid, "s1", "XDSDocumentEntryFormatCode", codeList("format-1")), "s1", "d1", "HasMember s1>d1"),
			hit("formatcode none", c.one(uuid, "s2", "XDSDocumentEntryFormatCode", codeList("format-1")), withFolder...),
			hit("confcode", c.one(uuid, "s2", "XDSDocumentEntryConfidentialityCode", codeList("conf-R")), whole...),
			hit("confcode and", c.one(uuid, "s2", "XDSDocumentEntryConfidentialityCode", codeList("conf-R"), "XDSDocumentEntryConfidentialityCode", codeList("conf-N")), whole...),
			hit("confcode and none", c.one(uuid, "s2", "XDSDocumentEntryConfidentialityCode", codeList("conf-R"), "XDSDocumentEntryConfidentialityCode", codeList("conf-V")), withFolder...),
			hit("stable", c.one(uuid, "s2", "XDSDocumentEntryType", list(string(xds.Stable))), whole...),
			hit("on demand", c.one(uuid, "s2", "XDSDocumentEntryType", list(string(xds.OnDemand))), withFolder...),
			miss("unknown uuid", []string{uuid, str(nowhere)}),
			miss("uuid of a folder", c.one(uuid, "f1")),
			miss("unknown uniqueid", []string{unique, str(c.uniqueID("f1"))}),
			refuses("both", c.one(uuid, "s2", unique, str(c.uniqueID("s2"))), paramNumber),
			refuses("none", nil, missingParam),
			refuses("two for one", c.several(uuid, "s1", "s2"), paramNumber),
			refuses("formatcode without scheme", c.one(uuid, "s2", "XDSDocumentEntryFormatCode", list("format-2")), syntaxError),
		})
	})
}

func TestNIST_11907(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		const uuid, unique = "XDSFolderEntryUUID", "XDSFolderUniqueId"
		whole := []string{"f1", "d1", "d3", "HasMember f1>d1", "HasMember f1>d3"}
		first := []string{"f1", "d1", "HasMember f1>d1"}
		third := []string{"f1", "d3", "HasMember f1>d3"}
		c.run(t, getFolderAndContents, []probe{
			hit("uuid", c.one(uuid, "f1"), whole...),
			hit("uniqueid", []string{unique, str(c.uniqueID("f1"))}, whole...),
			hit("member deprecated, replacement joined", c.one(uuid, "f2"), "f2", "d8", "d9", "HasMember f2>d8", "HasMember f2>d9"),
			hit("formatcode", c.one(uuid, "f1", "XDSDocumentEntryFormatCode", codeList("format-1")), first...),
			hit("formatcode or", c.one(uuid, "f1", "XDSDocumentEntryFormatCode", codeList("format-1", "format-2")), whole...),
			hit("formatcode none", c.one(uuid, "f1", "XDSDocumentEntryFormatCode", codeList("format-9")), "f1"),
			hit("confcode", c.one(uuid, "f1", "XDSDocumentEntryConfidentialityCode", codeList("conf-R")), third...),
			hit("confcode and", c.one(uuid, "f1", "XDSDocumentEntryConfidentialityCode", codeList("conf-N"), "XDSDocumentEntryConfidentialityCode", codeList("conf-R")), third...),
			hit("confcode and none", c.one(uuid, "f1", "XDSDocumentEntryConfidentialityCode", codeList("conf-N"), "XDSDocumentEntryConfidentialityCode", codeList("conf-V")), "f1"),
			hit("on demand", c.one(uuid, "f1", "XDSDocumentEntryType", list(string(xds.OnDemand))), "f1"),
			hit("stable and on demand", c.one(uuid, "f1", "XDSDocumentEntryType", list(string(xds.Stable), string(xds.OnDemand))), whole...),
			miss("unknown uuid", []string{uuid, str(nowhere)}),
			miss("uuid of a set", c.one(uuid, "s1")),
			miss("unknown uniqueid", []string{unique, str("2.999.404")}),
			refuses("both", c.one(uuid, "f1", unique, str(c.uniqueID("f1"))), paramNumber),
			refuses("none", nil, missingParam),
			refuses("two for one", c.several(uuid, "f1", "f2"), paramNumber),
			refuses("confcode without scheme", c.one(uuid, "f1", "XDSDocumentEntryConfidentialityCode", list("conf-N")), syntaxError),
		})
	})
}

func TestNIST_11908(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		more := c.draft(t, patientA) // d3 into f2 as well
		more.member(c.folders["f2"], c.entries["d3"])
		c.submit(t, more)
		c.run(t, getFoldersForDocument, []probe{
			hit("uuid", c.one(byUUID, "d1"), "f1"),
			hit("two folders", c.one(byUUID, "d3"), "f1", "f2"),
			hit("uniqueid", []string{byUniqueID, str(c.uniqueID("d9"))}, "f2"),
			hit("uniqueid of two entries", []string{byUniqueID, str(c.uniqueID("d1"))}, "f1"),
			hit("deprecated", c.one(byUUID, "d8"), "f2"),
			miss("in no folder", c.one(byUUID, "d5")),
			miss("unknown uuid", []string{byUUID, str(nowhere)}),
			miss("unknown uniqueid", []string{byUniqueID, str("2.999.404")}),
			refuses("both", c.one(byUUID, "d1", byUniqueID, str(c.uniqueID("d1"))), paramNumber),
			refuses("none", nil, missingParam),
			refuses("two for one", c.several(byUUID, "d1", "d3"), paramNumber),
		})
	})
}

func TestNIST_11909(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		types := func(types ...xds.AssociationType) string {
			var out []string
			for _, x := range types {
				out = append(out, string(x))
			}
			return list(out...)
		}
		const param = "AssociationTypes"
		everything := types(xds.Replace, xds.Append, xds.Transform, xds.TransformAndReplace, xds.Signs, xds.HasMember)
		c.run(t, getRelatedDocuments, []probe{
			hit("addendum", c.one(byUUID, "d1", param, types(xds.Append)), "d1", "d5", "APND d5>d1"),
			hit("from the addendum", c.one(byUUID, "d5", param, types(xds.Append)), "d1", "d5", "APND d5>d1"),
			hit("two types", c.one(byUUID, "d1", param, types(xds.Append, xds.Signs)), "d1", "d5", "d7", "APND d5>d1", "signs d7>d1"),
			hit("replacement", c.one(byUUID, "d2", param, types(xds.Replace)), "d2", "d4", "RPLC d4>d2"),
			hit("transformation", c.one(byUUID, "d3", param, types(xds.Transform)), "d3", "d6", "XFRM d6>d3"),
			hit("transformation and replacement", c.one(byUUID, "d8", param, types(xds.TransformAndReplace)), "d8", "d9", "XFRM_RPLC d9>d8"),
			hit("memberships are none", c.one(byUUID, "d1", param, everything), "d1", "d5", "d7", "APND d5>d1", "signs d7>d1"),
			hit("blank after the comma", c.one(byUUID, "d1", param, strings.ReplaceAll(everything, ",", ", ")), "d1", "d5", "d7", "APND d5>d1", "signs d7>d1"),
			hit("short name of a type", c.one(byUUID, "d2", param, list("RPLC")), "d2", "d4", "RPLC d4>d2"),
			hit("uniqueid", []string{byUniqueID, str(c.uniqueID("d4")), param, everything}, "d2", "d4", "RPLC d4>d2"),
			hit("uniqueid of two entries", []string{byUniqueID, str(c.uniqueID("d1")), param, types(xds.Append)}, "d1", "d5", "APND d5>d1"),
			hit("stable", c.one(byUUID, "d1", param, types(xds.Append), "XDSDocumentEntryType", list(string(xds.Stable))), "d1", "d5", "APND d5>d1"),
			miss("on demand", c.one(byUUID, "d1", param, types(xds.Append), "XDSDocumentEntryType", list(string(xds.OnDemand)))),
			miss("no such relation", c.one(byUUID, "d1", param, types(xds.Replace, xds.Transform))),
			miss("unrelated", c.one(byUUID, "d12", param, everything)),
			miss("unknown uuid", []string{byUUID, str(nowhere), param, everything}),
			miss("unknown uniqueid", []string{byUniqueID, str("2.999.404"), param, everything}),
			refuses("types missing", c.one(byUUID, "d1"), missingParam),
			refuses("document missing", []string{param, everything}, missingParam),
			refuses("both", c.one(byUUID, "d1", byUniqueID, str(c.uniqueID("d1")), param, everything), paramNumber),
			refuses("two for one", append(c.several(byUUID, "d1", "d3"), param, everything), paramNumber),
		})
	})
}

// TestNIST_12368: LeafClass never shows two patients; ObjectRef may (ITI TF-2: 3.18.4.1.2.3.8.1).
func TestNIST_12368(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		for _, p := range []struct {
			name, query string
			params      []string
			want        []string
		}{
			{"documents", getDocuments, c.several(byUUID, "d1", "d11"), []string{"d1", "d11"}},
			{"documents by uniqueid", getDocuments, []string{byUniqueID, list(c.uniqueID("d3"), c.uniqueID("d11"))}, []string{"d3", "d11"}},
			{"folders", getFolders, c.several("XDSFolderEntryUUID", "f1", "f3"), []string{"f1", "f3"}},
			{"sets", getSubmissionSets, c.several("uuid", "d3", "d11"), []string{"s2", "s11", "HasMember s2>d3", "HasMember s11>d11"}},
			{"sets of one document", getSubmissionSets, c.several("uuid", "d6"), []string{"s6", "s12", "HasMember s6>d6", "HasMember s12>d6"}},
			{"documents and associations", getDocumentsAndAssociations, c.several(byUUID, "d2", "d11"), append(c.touching("d2", "d11"), "d2", "d11")},
			{"set and contents", getSubmissionSetAndContents, c.one("XDSSubmissionSetEntryUUID", "s12"), []string{"s12", "d10", "d6", "HasMember s12>d10", "HasMember s12>d6"}},
		} {
			t.Run(p.name, func(t *testing.T) {
				leaf := c.ask(t, p.query, ebrim.ReturnLeafClass, p.params...)
				wantFailure(t, leaf.Status, leaf.Errors, notSinglePatient)
				c.wantObjects(t, "LeafClass", leafIDs(t, leaf.Objects), nil)
				refs := c.ask(t, p.query, ebrim.ReturnObjectRef, p.params...)
				wantSuccess(t, refs.Status, refs.Errors)
				c.wantObjects(t, "ObjectRef", refIDs(t, refs.Objects), p.want)
			})
		}
		// One patient in the answer is one patient, whatever was asked for.
		c.run(t, getDocuments, []probe{hit("one of two patients is unknown", []string{byUUID, list(c.uuid("d11")[0], nowhere)}, "d11")})
		c.run(t, getAssociations, []probe{hit("associations", c.several("uuid", "d3", "d11"), c.touching("d3", "d11")...)})
	})
}
