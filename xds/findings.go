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

func (f *Findings) take(m Mode, e *Error) {
	if m == ModeOff {
		return
	}
	if m == ModeLog {
		f.note(e)
	}
	f.list(m, e)
}

// Merge adds what was found elsewhere under the same policy.
func (f *Findings) Merge(other *Findings) {
	for _, e := range other.Problems {
		mode := ModeReject
		if e.Warning {
			mode = ModeWarn
		}
		f.list(mode, e)
	}
	for _, e := range other.Noted {
		f.list(ModeLog, e)
	}
	for _, n := range other.notes {
		f.noteOf(n.Rule).Objects += n.Objects
	}
}

// list keeps at most MaxProblems in each mode and one more that says so.
func (f *Findings) list(m Mode, e *Error) {
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
	if n := f.noteOf(e.Rule); n.Objects == 0 || n.last != e.Location {
		n.last = e.Location
		n.Objects++
	}
}

func (f *Findings) noteOf(rule string) *Note {
	for i := range f.notes {
		if f.notes[i].Rule == rule {
			return &f.notes[i]
		}
	}
	f.notes = append(f.notes, Note{Rule: rule})
	return &f.notes[len(f.notes)-1]
}

// Refusals counts the problems that refuse the submission.
func (f *Findings) Refusals() int { return f.listed[ModeReject] }

// Full tells that there are more refusals than are listed, so that judging on is idle. Warnings never end the judgement:
// a refusal may come after them.
func (f *Findings) Full() bool { return f.Refusals() > MaxProblems }

// Notes is what the log is to say.
func (f *Findings) Notes() []Note { return f.notes }
