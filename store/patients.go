package store

import (
	"context"

	"dossier/hl7v2"
)

// Patients keeps the patient ids of the affinity domain, as the Patient Identity Feed (ITI-8) reports them.
type Patients interface {
	// AddPatient makes an id known; an id that is known already stays as it is.
	AddPatient(ctx context.Context, id hl7v2.CX) error
	// MergePatient makes subsumed an alias of survivor for good (ITI TF-2: 3.8.4.2). It returns a *pix.MergeError and changes
	// nothing when either is unknown, either was subsumed before, or both are the same.
	MergePatient(ctx context.Context, survivor, subsumed hl7v2.CX) error
	// PatientKnown tells whether the id is known and not subsumed.
	PatientKnown(ctx context.Context, id hl7v2.PatientKey) (bool, error)
}
