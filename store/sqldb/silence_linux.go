package sqldb

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// giveUpSilence makes a connection break when what was sent is not acknowledged in time. Keep-alives see to the rest: they
// are for connections on which nothing is under way.
func giveUpSilence(_, _ string, c syscall.RawConn) error {
	var option error
	err := c.Control(func(fd uintptr) {
		option = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silence.Milliseconds()))
	})
	if err != nil || option == unix.EOPNOTSUPP || option == unix.ENOPROTOOPT { // a local socket
		return err
	}
	return option
}
