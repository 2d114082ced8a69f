// Package pgtest gives tests a PostgreSQL of their own: a private cluster for each test process, started when the first
// test asks for it from the server binaries of this machine. Where they are missing, the test is skipped and says what is
// missing.
//
// A cluster listens on the loopback interface only, wants a random password and runs as an ordinary user even when the
// tests run as root, because postgres refuses root. A guard process removes it when the test process is gone, be it by
// panic, timeout or SIGKILL.
package pgtest
