package pix

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
