// Package failpoint lets a test end the process at a chosen place, as a power switch would: Hit kills it by SIGKILL, so
// that no deferred function, no buffer and no signal handler gets a last word.
//
// Only a build with the tag failpoint has it. Without the tag Hit is an empty function that the compiler removes, and
// Enabled is a constant false.
//
// With the tag, the variable DOSSIER_FAILPOINT says what happens:
//
//	name      kill at the first Hit of that name
//	name:n    kill at the n-th
//	trace     go on, and write "failpoint NAME" to standard error at each Hit
//
// Names are string literals, which tools/crash collects from the source: a point that no transaction of its test
// reaches fails that test.
package failpoint

// Variable is the environment variable that arms a point.
const Variable = "DOSSIER_FAILPOINT"
