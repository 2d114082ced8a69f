// Command bench measures a running server beside the limit of each operation and prints one table.
//
// A limit is what the same machine does for the same bytes with nothing in between: the same rows by bare SQL, the same file
// by http.ServeContent, the same content by write, fsync and rename. Absolute times of a shared machine swing by factors from
// hour to hour, so server and limit run in turns (A B A B ...) in one run, and the figure to quote is the median of the ratios
// of neighbours.
//
// The server is the real binary as a process of its own on the loopback interface, with its data in a temporary folder that is
// removed at the end. Times are taken at the transport, from the first byte of the request to the last of the answer, so that
// building a request and reading an answer cost the server nothing in the table. Nothing here is a test: a slow run does not
// fail, a wrong answer does.
//
// docs/benchmarks.md says how to read the table.
package main
