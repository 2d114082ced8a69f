package validate

import (
	"iter"
	"strconv"
	"unicode/utf8"

	"dossier/ebrim"
	"dossier/xds"
)

// kind is the class of an object; kinds combine as a mask.
type kind uint

const (
	entry kind = 1 << iota
	set
	folder
	association
	unmarked // a RegistryPackage that is neither SubmissionSet nor Folder

	packages = entry | set | folder // the classes that carry attributes
	all      = packages | association | unmarked
)

// name gives the class in the standard's words.
func (k kind) name() string {
	switch k {
	case entry:
		return "DocumentEntry"
	case set:
		return "SubmissionSet"
	case folder:
		return "Folder"
	case association:
		return "Association"
	}
	return "RegistryPackage"
}

type (
	// check is what a Rule holds.
	check = func(s *xds.Submission, p Profile, report func(location, context string))
	// judge looks at one object.
	judge func(o *ebrim.RegistryObject, p Profile, report func(context string))
)

// objects goes through the ebRIM objects of the submission.
func objects(s *xds.Submission) iter.Seq2[kind, *ebrim.RegistryObject] {
	return func(yield func(kind, *ebrim.RegistryObject) bool) {
		for _, e := range s.SubmissionSets {
			if !yield(set, &e.Object.RegistryObject) {
				return
			}
		}
		for _, e := range s.DocumentEntries {
			if !yield(entry, &e.Object.RegistryObject) {
				return
			}
		}
		for _, e := range s.Folders {
			if !yield(folder, &e.Object.RegistryObject) {
				return
			}
		}
		for _, o := range s.Ambiguous {
			if !yield(unmarked, &o.RegistryObject) {
				return
			}
		}
		for _, a := range s.Associations {
			if !yield(association, &a.Object.RegistryObject) {
				return
			}
		}
	}
}

// each makes a check that judges every object of the kinds.
func each(kinds kind, j judge) check {
	return func(s *xds.Submission, p Profile, report func(location, context string)) {
		for k, o := range objects(s) {
			if kinds&k != 0 {
				j(o, p, func(context string) { report(where(o), context) })
			}
		}
	}
}

// where locates an object for the sender: by the id it gave, else by its place in the message.
func where(o *ebrim.RegistryObject) string {
	if o.ID != "" {
		return clip(o.ID, 256)
	}
	return o.Path
}

// index tells the class of each id of the message.
type index map[string]kind

func indexOf(s *xds.Submission) index {
	in := index{}
	for k, o := range objects(s) {
		if id := xds.NormalizeID(o.ID); id != "" && in[id] == 0 {
			in[id] = k
		}
	}
	return in
}

// expected is the form of most contexts: what was wanted and, quoted and capped, what came.
func expected(want, got string) string {
	if got == "" {
		return "expected " + want + ", found none"
	}
	return "expected " + want + ", got " + quote(got)
}

// quote repeats what the peer sent: at most 64 characters, control characters escaped.
func quote(s string) string { return strconv.Quote(clip(s, 64)) }

// clip caps s at n characters.
func clip(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i] + "..."
		}
		n--
	}
	return s
}

// atMost tells whether s has at most n characters.
func atMost(s string, n int) bool { return len(s) <= n || utf8.RuneCountInString(s) <= n }
