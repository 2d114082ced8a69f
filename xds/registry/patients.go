package registry

import (
	"context"
	"errors"
	"slices"

	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/pix"
	"dossier/store"
	"dossier/xds"
)

// MPI is a patient index elsewhere, which knows more patients of the affinity domain than the feed brought.
type MPI interface {
	// Admit asks for a patient who is not known here. true says that the MPI knows him and that from now on this registry does,
	// durably. An error that is pix.ErrUnavailable leaves open whether it knows him.
	Admit(ctx context.Context, id hl7v2.CX) (bool, error)
}

// LocalIDs knows whose the ids of other domains are.
type LocalIDs interface {
	// Affinity returns the ids that the affinity domain has for a local id; local is false for ids of domains that are not
	// configured. An error that is pix.ErrUnavailable leaves open whose it is.
	Affinity(ctx context.Context, id hl7v2.CX) (ids []hl7v2.CX, local bool, err error)
}

// maxAsked bounds how many patients of one submission somebody is asked for. Those of a proper one are all the same
// (ITI TF-2: 3.42.4.1.3.3.1).
const maxAsked = 8

// verdict is why a patient id is refused who is not in the registry's own table; without a rule it is the ordinary reason.
type verdict struct {
	rule    *xds.Rule
	context string
}

// verdicts are those of a submission's patients that somebody was asked for.
type verdicts map[hl7v2.PatientKey]verdict

// of says why the registry does not know the patient.
func (v verdicts) of(id hl7v2.CX) (rule *xds.Rule, context string) {
	if x := v[id.Key()]; x.rule != nil {
		return x.rule, x.context
	}
	return &patientKnown, "patientId: expected a patient of this registry, fed by ITI-8, got " + quote(id.Raw)
}

// patientsOf lists the patient ids of the new objects, that of the SubmissionSet first, each once.
func patientsOf(s *xds.Submission) []hl7v2.CX {
	var out []hl7v2.CX
	seen := map[hl7v2.PatientKey]bool{{}: true}
	add := func(id hl7v2.CX) {
		if !seen[id.Key()] {
			seen[id.Key()] = true
			out = append(out, id)
		}
	}
	for _, set := range s.SubmissionSets {
		add(set.PatientID)
	}
	for _, e := range s.DocumentEntries {
		add(e.PatientID)
	}
	for _, f := range s.Folders {
		add(f.PatientID)
	}
	return out
}

// resolveLocal puts ids of the affinity domain in the place of local ones, in the objects and in the documents that came with
// them, before anything is judged. sourcePatientId stays. What cannot be resolved has a verdict, and stays too: that the message
// may be a retransmission comes first.
func (r *Registry) resolveLocal(ctx context.Context, x *actor.Exchange, s *xds.Submission, docs []store.Document, v verdicts) ([]store.Document, error) {
	if r.LocalIDs == nil || len(s.SubmissionSets) != 1 {
		return docs, nil
	}
	patients := patientsOf(s)
	for _, id := range patients[:min(len(patients), maxAsked)] {
		ids, local, err := r.LocalIDs.Affinity(ctx, id)
		switch {
		case errors.Is(err, pix.ErrUnavailable):
			x.Note(err)
			v[id.Key()] = unavailable
		case err != nil:
			return nil, err
		case !local:
		case len(ids) == 0:
			v[id.Key()] = verdict{&localIDResolved, "patientId: expected a local id that the patient index links to an id of the affinity domain, got " + quote(id.Raw)}
		case len(ids) > 1:
			v[id.Key()] = verdict{&localIDSingle, "patientId: expected a local id of one patient of the affinity domain, got " + quote(id.Raw) +
				", for which the patient index has several; use one of them"}
		default:
			s.ReplacePatient(id, ids[0])
			docs = ofPatient(docs, id, ids[0])
		}
	}
	return docs, nil
}

// ofPatient copies the documents with another id.
func ofPatient(docs []store.Document, from, to hl7v2.CX) []store.Document {
	out := append([]store.Document(nil), docs...)
	for i := range out {
		if out[i].Patient.Equal(from) {
			out[i].Patient = to
		}
	}
	return out
}

var unavailable = verdict{&patientIndexAvailable,
	"patientId: expected the patient index (MPI) to say whether it knows this patient, whom the registry does not know yet, got no usable answer; " +
		"nothing was stored, send again later"}

// errAbsent ends a transaction in which patients turned out to be unknown for whom the MPI was not asked yet: it is asked outside,
// because nobody may wait for a peer with a connection in his hands.
type errAbsent []hl7v2.CX

func (e errAbsent) has(id hl7v2.CX) bool { return slices.ContainsFunc(e, id.Equal) }

func (errAbsent) Error() string { return "registry: patients to ask the MPI for" }

// absent lists the patients whom the MPI is to be asked for.
func (r *Registry) absent(s *xds.Submission, state *store.State, v verdicts) errAbsent {
	if r.MPI == nil {
		return nil
	}
	var out errAbsent
	patients := patientsOf(s)
	for _, id := range patients[:min(len(patients), maxAsked)] {
		_, known := state.Patients[id.Key()]
		if _, asked := v[id.Key()]; !known && !asked {
			out = append(out, id)
		}
	}
	return out
}

// admit asks the MPI for patients. Each gets a verdict, so that it is asked once; that of an admitted one is not used, since the
// registry knows him then. After one who is not known, the submission is refused whoever the others are.
func (r *Registry) admit(ctx context.Context, x *actor.Exchange, patients errAbsent, v verdicts) error {
	for _, id := range patients {
		v[id.Key()] = verdict{}
	}
	for _, id := range patients {
		known, err := r.MPI.Admit(ctx, id)
		switch {
		case errors.Is(err, pix.ErrUnavailable):
			x.Note(err)
			v[id.Key()] = unavailable
			return nil
		case err != nil:
			return err
		case !known:
			v[id.Key()] = verdict{&patientKnown, "patientId: expected a patient known to this registry or to its patient index (MPI), got " + quote(id.Raw)}
			return nil
		}
	}
	return nil
}
