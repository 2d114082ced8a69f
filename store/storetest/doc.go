// Package storetest holds the conformance suites that every backend of the storage contracts passes: one function
// per contract, called from the tests of the backend with a way to open a fresh, empty store.
//
// The suites test promises, through the contract alone. What only one backend can do or break (its file layout, its
// SQL, its faults) is tested beside that backend.
package storetest
