package store

import (
	"context"
	"errors"

	"dossier/hl7v2"
	"dossier/xds"
	"dossier/xds/query"
)

// Errors shared by all contracts.
var (
	// ErrNotFound says that there is no such thing.
	ErrNotFound = errors.New("store: not found")
	// ErrConflict says that the state which the caller decided on no longer holds. Deciding again on fresh state gives
	// the right answer, so Update runs its function again a few times before it returns this error.
	ErrConflict = errors.New("store: conflicting change")
	// ErrUnavailable says that the database does not answer. Nothing was changed.
	ErrUnavailable = errors.New("store: the database does not answer")
	// ErrUnknown says that the database was lost while it committed and could not be asked since whether it did. The change
	// is there as a whole or not at all.
	ErrUnknown = errors.New("store: the outcome of the change is unknown")
	// ErrNoSpace says that there is no room for what was to be written. Nothing of it was.
	ErrNoSpace = errors.New("store: no space left")
)

// Registry keeps the metadata of the Document Registry.
type Registry interface {
	// View runs fn on one consistent state.
	View(ctx context.Context, fn func(RegistryReader) error) error
	// Update runs fn in one transaction and commits it durably when fn returns nil. fn may run again after ErrConflict or
	// when the transaction is known not to have committed, so it must have no effect but through its argument. ErrUnknown
	// alone leaves open whether the change was made.
	Update(ctx context.Context, fn func(RegistryTx) error) error
	// Fragments calls fn for each of the objects that Find returned with leaf, in order, with its Fragment filled in for the
	// time of the call. It runs outside of any transaction, for a reader as slow as the network: fragments never change, and
	// what does, Volatile, is what Find saw. At most a few hundred KB are held at a time, whatever the number of objects.
	Fragments(ctx context.Context, objects []Object, fn func(*Object) error) error
}

// RegistryReader reads the registry.
type RegistryReader interface {
	// Find answers a stored query: at most limit objects without duplicates, SubmissionSets, DocumentEntries, Folders and
	// Associations in this order and each class in order of registration. With leaf the objects are for Fragments. With more
	// than limit matches it returns ErrTooMany.
	Find(ctx context.Context, q query.Query, leaf bool, limit int) ([]Object, error)
}

// ErrTooMany says that a query matches more objects than its limit.
var ErrTooMany = errors.New("store: too many results")

// Kind is the class of a registry object.
type Kind string

// Classes of registry objects, as they are stored.
const (
	DocumentEntry Kind = "D"
	SubmissionSet Kind = "S"
	Folder        Kind = "F"
	Association   Kind = "A"
)

// Object is one result of a query.
type Object struct {
	Kind      Kind
	EntryUUID xds.EntryUUID
	Patient   hl7v2.PatientKey // the patient it belongs to now, merges resolved; zero for Associations
	Volatile  xds.Volatile
	Stored    Stored // where Fragments finds the Fragment; zero without leaf
	Fragment  []byte // canonical ebRIM with marks, see xds.AppendFragment; set by Fragments only
}

// Stored is a fragment as the backend keeps it.
type Stored struct {
	Seq   int64 // the backend's number of the object
	Size  int   // bytes of the Fragment; 0 when Packed is not held
	Codec int
	// Packed is nil for fragments that a large answer left where they are.
	Packed []byte
}

// RegistryTx reads and changes the registry within one transaction.
type RegistryTx interface {
	RegistryReader
	// State tells what the registry knows about everything that a submission mentions, and holds it still until the
	// transaction ends as far as the rules depend on it.
	State(ctx context.Context, refs Refs) (*State, error)
	// Register adds the objects and applies the effects. ErrConflict: an id is taken, an object to be deprecated is no longer
	// Approved, or a patient is no longer active.
	Register(ctx context.Context, r *Registration) error
}

// Refs is everything that a submission mentions.
type Refs struct {
	Patients   []hl7v2.PatientKey
	EntryUUIDs []xds.EntryUUID // submitted and referenced
	UniqueIDs  []xds.UniqueID
	Replaced   []xds.EntryUUID // DocumentEntries that the submission replaces
	// SubmissionSet is the one of UniqueIDs whose Outcome is asked for.
	SubmissionSet xds.UniqueID
}

// State answers Refs. What is unknown has no entry in its map.
type State struct {
	Patients  map[hl7v2.PatientKey]PatientState
	Objects   map[xds.EntryUUID]ObjectState
	UniqueIDs map[xds.UniqueID]UniqueIDState
	// Dependents are the Approved DocumentEntries that are transformations and addenda of replaced entries, and theirs
	// (XFRM, APND; ITI TF-3: 4.2.2.2.3), each once and without the replaced entries themselves.
	Dependents []xds.EntryUUID
	// Folders lists, per replaced entry, the Approved Folders that contain it.
	Folders map[xds.EntryUUID][]FolderState
	// Outcome is what the source of Refs.SubmissionSet was told, nil when nothing is recorded.
	Outcome *Outcome
}

// PatientState tells whether a known patient id may receive new objects.
type PatientState struct{ Subsumed bool }

// ObjectState is what rules need of a registered object.
type ObjectState struct {
	Kind       Kind
	Status     xds.Status
	Patient    hl7v2.PatientKey // merges resolved; zero for Associations
	ObjectType xds.ObjectType   // DocumentEntries only
	UniqueID   xds.UniqueID
	Transforms bool // the source of an XFRM or XFRM_RPLC Association
}

// FolderState is a Folder that contains a replaced entry.
type FolderState struct {
	EntryUUID xds.EntryUUID
	Patient   hl7v2.PatientKey
}

// UniqueIDState tells who uses a uniqueId.
type UniqueIDState struct {
	Kind       Kind
	ObjectType xds.ObjectType // DocumentEntries only, as are Hash and Size
	Hash       string
	Size       int64
}

// Registration is one submission as decided: everything in it commits together or not at all. All objects are resolved
// and belong to the SubmissionSet's message; Associations include those that the registry itself created.
type Registration struct {
	SubmissionSet *xds.SubmissionSet
	Entries       []*xds.DocumentEntry
	Folders       []*xds.Folder
	Associations  []*xds.Association
	Deprecate     []xds.EntryUUID // DocumentEntries, each must be Approved now
	DeprecateAlso []xds.EntryUUID // their transformations and addenda: deprecated where still Approved
	Touch         []xds.EntryUUID // registered Folders whose lastUpdateTime becomes Now
	Documents     []Document      // the repository's index rows for documents of this submission
	Outcome       *Outcome        // recorded with the rest; nil for none
	Now           hl7v2.DTM
}
