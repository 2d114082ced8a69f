package pix

import "dossier/hl7v2"

// Merge makes one id an alias of another for good (ITI TF-2: 3.8.4.2).
type Merge struct {
	Survivor, Subsumed hl7v2.CX
	// Message is the digest of who ordered it and the MSH-10 of the order; zero when nobody will ask again. The same merge
	// by the same message is a retransmission, and done.
	Message [32]byte
}

// MergeError says why two ids cannot be merged. Nothing was changed.
type MergeError struct{ Reason MergeReason }

// MergeReason is one of the reasons of ITI TF-2: 3.8.4.2 to refuse a merge.
type MergeReason string

// Reasons to refuse a merge.
const (
	MergeSame             MergeReason = "surviving and subsumed id are the same"
	MergeSurvivorUnknown  MergeReason = "the surviving id is not known"
	MergeSubsumedUnknown  MergeReason = "the subsumed id is not known"
	MergeSurvivorSubsumed MergeReason = "the surviving id was subsumed earlier"
	MergeSubsumedTwice    MergeReason = "the subsumed id was subsumed earlier"
)

// Error names the reason and no patient.
func (e *MergeError) Error() string { return "pix: merge refused: " + string(e.Reason) }
