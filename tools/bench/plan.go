package main

import "time"

// plan bounds a run. Counts are per block; a block ends at whichever bound it reaches first.
type plan struct {
	pairs int           // alternations A B
	block time.Duration // of A, and of B, which does at most as many operations
	most  int           // operations in one block
	few   int           // the same for operations of 100 MB

	tens, hundreds int   // patients with 10 and with 100 DocumentEntries
	large          int64 // bytes of the largest document of ITI-41 and ITI-43
	huge           int64 // bytes of a document when memory is measured
	levels         []int // DocumentEntries between which growth is measured
	people         []int // the same of the patient index
	events         int   // audit events among which is searched
	forwarded      int   // audit events that are forwarded
	idle           int   // connections of MLLP that say nothing
}

var (
	full  = plan{pairs: 7, block: 500 * time.Millisecond, most: 1000, few: 2, tens: 900, hundreds: 10, large: 100 * mb, huge: 1000 * mb, levels: []int{10_000, 100_000}, people: []int{1000}, events: 100_000, forwarded: 40_000, idle: 10_000}
	brief = plan{pairs: 5, block: 150 * time.Millisecond, most: 300, few: 1, tens: 90, hundreds: 10, large: 20 * mb, huge: 100 * mb, levels: []int{1000, 10_000}, people: []int{1000}, events: 20_000, forwarded: 20_000, idle: 10_000}
)

const (
	kb = 1000
	mb = 1000 * kb
)

// Goals, as parts of the limit (1 is as fast as the limit).
const (
	goalXML           = 3 // times encoding/xml
	goalAllocations   = 20
	goalQuery         = 0.50
	goalRegisterOne   = 0.50
	goalRegisterMany  = 0.45
	goalProvide       = 0.45
	goalProvideLarge  = 0.80
	goalRetrieve      = 0.40
	goalRetrieveLarge = 0.90
	goalMemory        = 64 << 20 // bytes above idle
	goalAnswer        = 1 << 20  // bytes above a server with small answers
	goalGrowth        = 0.80     // at most 1.25 times slower
	goalEntryBytes    = 2048
	goalSlotShape     = 5    // times faster
	goalAudited       = 0.75 // of the throughput without audit
	goalForward       = 5000 // events a second, or what the receiver takes
)
