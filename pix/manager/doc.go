// Package manager takes the Patient Identity Feed (ITI-8) over MLLP for the affinity domain of the Document Registry:
// patients become known, and merges take effect.
//
// Of a feed the registry needs PID-3 and MRG-1 only (ITI TF-2: 3.8.4.1.3); demographics, queries and notifications come
// with the patient index proper.
package manager
