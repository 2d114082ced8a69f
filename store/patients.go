package store

import (
	"context"

	"dossier/hl7v2"
	"dossier/pix"
)

// Patients keeps the patient ids of the affinity domain, as the Patient Identity Feed (ITI-8) reports them.
type Patients interface {
	// AddPatient makes an id known; an id that is known already stays as it is.
	AddPatient(ctx context.Context, id hl7v2.CX) error
	// MergePatient makes one id an alias of the other for good (ITI TF-2: 3.8.4.2). It returns a *pix.MergeError and changes
	// nothing when either is unknown, either was subsumed before, or both are the same; and it changes nothing and returns
	// nil when this very merge took effect before by the same message.
	MergePatient(ctx context.Context, m pix.Merge) error
	// PatientKnown tells whether the id is known and not subsumed.
	PatientKnown(ctx context.Context, id hl7v2.PatientKey) (bool, error)
}
