package validate

import (
	"strconv"
	"strings"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/xds"
)

const listPath = "/SubmitObjectsRequest/RegistryObjectList"

func oneSubmissionSet(s *xds.Submission, _ Profile, report func(location, context string)) {
	if n := len(s.SubmissionSets); n != 1 {
		location := listPath
		if n > 1 {
			location = where(&s.SubmissionSets[1].Object.RegistryObject)
		}
		report(location, "SubmissionSet: expected exactly 1, found "+strconv.Itoa(n))
	}
}

func packageMarker(s *xds.Submission, _ Profile, report func(location, context string)) {
	for _, o := range s.Ambiguous {
		found := 0
		for _, c := range o.Classifications {
			if isNode(c, xds.NodeSubmissionSet) || isNode(c, xds.NodeFolder) {
				found++
			}
		}
		got := "found neither"
		if found > 0 {
			got = "found both"
		}
		report(where(&o.RegistryObject), "RegistryPackage: expected the classificationNode of either SubmissionSet or Folder, "+got)
	}
}

func idPresent(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	if o.ID == "" {
		report("id: expected a UUID or a symbolic id, found none")
	}
}

// idFormat: what starts like a UUID must be one; all else is symbolic.
func idFormat(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	if looksLikeUUID(o.ID) && !xds.IsUUID(o.ID) {
		report("id: " + expected("urn:uuid: and 8-4-4-4-12 hexadecimal digits, or a symbolic id", o.ID))
	}
}

func looksLikeUUID(id string) bool {
	const prefix = "urn:uuid:"
	return len(id) >= len(prefix) && strings.EqualFold(id[:len(prefix)], prefix)
}

func idUnique(s *xds.Submission, _ Profile, report func(location, context string)) {
	seen := map[string]kind{}
	for k, o := range objects(s) {
		id := xds.NormalizeID(o.ID)
		if id == "" {
			continue
		}
		if first := seen[id]; first != 0 {
			report(where(o), "id: expected to occur once in the message, but "+k.name()+" and "+first.name()+" both have "+quote(o.ID))
			continue
		}
		seen[id] = k
	}
}

// parts goes through the ids of Classifications and ExternalIdentifiers.
func parts(o *ebrim.RegistryObject, visit func(class, id string)) {
	for _, c := range o.Classifications {
		visit("Classification", c.ID)
	}
	for _, x := range o.ExternalIdentifiers {
		visit("ExternalIdentifier", x.ID)
	}
}

func partIDPresent(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	parts(o, func(class, id string) {
		if id == "" {
			report(class + "/@id: expected a UUID or a symbolic id, found none")
		}
	})
}

func partIDUnique(s *xds.Submission, _ Profile, report func(location, context string)) {
	in := indexOf(s)
	seen := map[string]bool{}
	for _, o := range objects(s) {
		parts(o, func(class, id string) {
			id = xds.NormalizeID(id)
			if id != "" && (seen[id] || in[id] != 0) {
				report(where(o), class+"/@id: expected to occur once in the message, but "+quote(id)+" is used twice")
			}
			seen[id] = true
		})
	}
}

// foreignLID tells a lid that names another logical object: submitting that is an update, which ITI-42 cannot do. A
// symbolic lid says nothing, because the registry assigns lid = id.
func foreignLID(o *ebrim.RegistryObject) bool {
	return looksLikeUUID(o.LID) && !strings.EqualFold(o.LID, o.ID)
}

func lidIsID(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	if foreignLID(o) {
		report("lid: " + expected("none or the id of the object", o.LID))
	}
}

func lidUnique(s *xds.Submission, _ Profile, report func(location, context string)) {
	seen := map[string]bool{}
	for _, o := range objects(s) {
		if o.LID == "" || foreignLID(o) {
			continue
		}
		lid := xds.NormalizeID(o.LID)
		if seen[lid] {
			report(where(o), "lid: expected to occur once in the message, but "+quote(o.LID)+" is used twice")
		}
		seen[lid] = true
	}
}

func objectClass(s *xds.Submission, _ Profile, report func(location, context string)) {
	if s.List == nil {
		return
	}
	for _, path := range s.List.Other {
		report(path, "expected ExtrinsicObject, RegistryPackage, Association, Classification or ObjectRef, got "+
			quote(path[strings.LastIndexByte(path, '/')+1:]))
	}
}

func homeCommunityID(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	oid, found := strings.CutPrefix(o.Home, "urn:oid:")
	if o.Home != "" && (!found || !hl7v2.IsOID(oid)) {
		report("homeCommunityId: " + expected("urn:oid: and an OID of at most 64 characters", o.Home))
	}
}
