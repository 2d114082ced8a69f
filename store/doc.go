// Package store declares what the actors ask of storage, in their own words: no SQL and no SOAP. Implementations live
// below it (store/sqldb, store/blob) and pass the suites of store/storetest.
//
// Two promises hold for every implementation. What an Update committed is durable when it returns, and what it did not
// commit was never visible. Races are decided by constraints inside the store and come back as ErrConflict.
package store
