package xds

// Rule is something that a request has to keep, with where that is written and what refuses it. Rules are data: each package
// that judges requests has a table of its own, and all tables together are what `dossier rules` prints.
type Rule struct {
	Name string // stable kebab-case word
	Cite string // such as "ITI TF-3: 4.2.3.2.3"
	Code ErrorCode

	Strict bool // judged by the letter only: a lenient registry takes what breaks it
	// Fixed: no operator can turn it down, because what breaks it would harm what is stored, or could not be answered.
	Fixed bool
}

// Broken is the error that says so: the object's id as sent, else the path, and what was expected and what came.
func (r *Rule) Broken(location, context string) *Error {
	return &Error{Code: r.Code, Location: location, Context: context, Rule: r.Name, Section: r.Cite}
}

// Refuse is Broken where it is the only problem; err, which may be nil, is the cause for the log.
func (r *Rule) Refuse(location, context string, err error) Errors {
	e := r.Broken(location, context)
	e.Err = err
	return Errors{e}
}

// Mode says what becomes of a submission that breaks a rule.
type Mode string

// Modes, each harsher than the one before.
const (
	ModeOff    Mode = "off"    // the rule is not judged
	ModeLog    Mode = "log"    // stored; the log says which rule and how many objects
	ModeWarn   Mode = "warn"   // stored; the answer is Success with a Warning
	ModeReject Mode = "reject" // refused
)

// Policy says in which mode each rule is judged.
type Policy struct {
	Strict bool            // by the letter, without the liberal readings
	Modes  map[string]Mode // an operator's choice, by name of the rule
}

// Mode is that of one rule. A fixed rule rejects whatever an operator says.
func (p Policy) Mode(r *Rule) Mode {
	m, chosen := p.Modes[r.Name]
	switch {
	case r.Fixed:
		return ModeReject
	case chosen:
		return m
	case r.Strict && !p.Strict:
		return ModeOff
	}
	return ModeReject
}
