package xds

import "strconv"

// MaxProblems bounds how many problems of one submission are listed in each mode; a hostile message could otherwise ask for
// an answer many times its own size.
const MaxProblems = 500

// Findings sorts what the rules find wrong with one submission by the mode of each rule.
type Findings struct {
	Policy
	Problems Errors // refusals and warnings, in the order in which they were found
	Noted    Errors // what rules in mode log found; never sent

	listed map[Mode]int
	notes  []Note
}

// Note is what the log says of a rule in mode log: nothing of the objects but how many they are.
type Note struct {
	Rule    string
	Objects int

	last string // location of the latest, so that an object counts once
}

// Find takes one problem.
func (f *Findings) Find(r *Rule, location, context string) {
	f.take(f.Mode(r), r.Broken(location, context))
}

// Take adds problems of rules that are neither fixed nor strict.
func (f *Findings) Take(problems Errors) {
	for _, e := range problems {
		f.take(f.Mode(&Rule{Name: e.Rule}), e)
	}
}

// Merge adds what was found elsewhere under the same policy.
func (f *Findings) Merge(other *Findings) {
	for _, e := range other.Problems {
		mode := ModeReject
		if e.Warning {
			mode = ModeWarn
		}
		f.take(mode, e)
	}
	for _, e := range other.Noted {
		f.take(ModeLog, e)
	}
}

func (f *Findings) take(m Mode, e *Error) {
	if m == ModeOff {
		return
	}
	if m == ModeLog {
		f.note(e)
	}
	if f.listed == nil {
		f.listed = map[Mode]int{}
	}
	f.listed[m]++
	switch n := f.listed[m]; {
	case n > MaxProblems+1:
		return
	case n > MaxProblems:
		e = &Error{Code: e.Code, Context: "more than " + strconv.Itoa(MaxProblems) + " problems; the rest is not listed"}
	}
	if m == ModeLog {
		f.Noted = append(f.Noted, e)
		return
	}
	e.Warning = m == ModeWarn
	f.Problems = append(f.Problems, e)
}

func (f *Findings) note(e *Error) {
	for i := range f.notes {
		if n := &f.notes[i]; n.Rule == e.Rule {
			if n.last != e.Location {
				n.last, n.Objects = e.Location, n.Objects+1
			}
			return
		}
	}
	f.notes = append(f.notes, Note{Rule: e.Rule, Objects: 1, last: e.Location})
}

// Refusals counts the problems that refuse the submission.
func (f *Findings) Refusals() int { return f.listed[ModeReject] }

// Full tells that there are more refusals than are listed, so that judging on is idle. Warnings never end the judgement:
// a refusal may come after them.
func (f *Findings) Full() bool { return f.Refusals() > MaxProblems }

// Notes is what the log is to say.
func (f *Findings) Notes() []Note { return f.notes }
