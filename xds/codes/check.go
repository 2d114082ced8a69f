package codes

import (
	"strconv"

	"dossier/xds"
)

// inDomain is the rule of this package; it is never changed.
var inDomain = xds.Rule{Name: "code-in-affinity-domain", Cite: "ITI TF-3: 4.2.3.1", Code: xds.XDSRegistryMetadataError}

// Rules lists the rules that this package judges.
func Rules() []xds.Rule { return []xds.Rule{inDomain} }

// MaxProblems bounds how many problems of one submission are listed; a last entry tells when there are more.
const MaxProblems = 500

// Problems finds each value of a submission that the set does not list: an XDSRegistryMetadataError at the object's id as
// sent, else its path, with the attribute, code^^codingScheme as sent and up to three values that may have been meant.
// Absent attributes and Classifications without a code are the business of package validate.
//
// It looks at the typed fields, so that submissions read and built are judged alike. Of an attribute that may be there once
// that is the first value; validate refuses the others.
func (s *Set) Problems(sub *xds.Submission) xds.Errors {
	c := checker{set: s, hints: map[wrong]string{}, budget: comparisons}
	for _, x := range sub.SubmissionSets {
		c.begin(x.Symbol, x.EntryUUID)
		if c.location == "" && x.Object != nil {
			c.location = x.Object.Path
		}
		c.check(ContentTypeCode, x.ContentTypeCode)
	}
	for _, x := range sub.DocumentEntries {
		c.begin(x.Symbol, x.EntryUUID)
		if c.location == "" && x.Object != nil {
			c.location = x.Object.Path
		}
		c.entry(x)
	}
	for _, x := range sub.Folders {
		c.begin(x.Symbol, x.EntryUUID)
		if c.location == "" && x.Object != nil {
			c.location = x.Object.Path
		}
		c.check(CodeList, x.Codes...)
	}
	for _, x := range sub.Associations {
		if x.Object == nil {
			continue // one that is being built has no place for its documentation
		}
		c.begin(x.Symbol, x.EntryUUID)
		if c.location == "" {
			c.location = x.Object.Path
		}
		c.check(Documentation, documentation(x)...)
	}
	return c.problems
}

// checker judges one submission.
type checker struct {
	set      *Set
	location string // of the object that is judged
	problems xds.Errors
	hints    map[wrong]string // what was said about a value already
	budget   int              // comparisons left for suggestions
}

// wrong is a value that is not listed.
type wrong struct {
	attribute Attribute
	xds.Code
}

func (c *checker) begin(symbol string, id xds.EntryUUID) {
	if c.location = clip(symbol, 256); symbol == "" {
		c.location = clip(string(id), 256)
	}
}

func (c *checker) entry(e *xds.DocumentEntry) {
	c.check(ClassCode, e.ClassCode)
	c.check(ConfidentialityCode, e.ConfidentialityCodes...)
	c.check(EventCodeList, e.EventCodes...)
	c.check(FormatCode, e.FormatCode)
	c.check(HealthcareFacilityTypeCode, e.HealthcareFacilityTypeCode)
	c.check(LanguageCode, xds.Code{Code: e.LanguageCode})
	c.check(MimeType, xds.Code{Code: e.MimeType})
	c.check(PracticeSettingCode, e.PracticeSettingCode)
	c.check(TypeCode, e.TypeCode)
}

// documentation reads the one coded attribute that has no typed field.
func documentation(a *xds.Association) []xds.Code {
	var out []xds.Code
	for _, c := range a.Object.Classified(xds.SchemeAssociationDocumentation) {
		code := xds.Code{Code: c.NodeRepresentation, Display: c.Name.First()}
		for _, s := range c.Slots {
			if s.Name == xds.SlotCodingScheme && len(s.Values) > 0 {
				code.Scheme = s.Values[0]
				break
			}
		}
		out = append(out, code)
	}
	return out
}

func (c *checker) check(a Attribute, codes ...xds.Code) {
	for _, code := range codes {
		if code.Code == "" || c.set.Has(a, code) || len(c.problems) > MaxProblems {
			continue
		}
		p := inDomain.Broken(c.location, "")
		if len(c.problems) == MaxProblems {
			p.Location, p.Context = "", "expected codes of the affinity domain, got more than "+strconv.Itoa(MaxProblems)+" others; the rest is not listed"
		} else {
			p.Context = string(a) + ": expected a value of the affinity domain (" + strconv.Itoa(len(c.set.lists[a].codes)) + " listed), got " +
				show(code) + c.hint(wrong{a, code})
		}
		c.problems = append(c.problems, p)
	}
}

// show gives a code as ITI-18 writes it: code^^codingScheme.
func show(c xds.Code) string {
	if c.Scheme == "" {
		return quote(c.Code)
	}
	return strconv.Quote(clip(c.Code, 64) + "^^" + clip(c.Scheme, 64))
}
