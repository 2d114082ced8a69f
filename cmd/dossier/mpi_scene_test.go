package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.yaml.in/yaml/v3"

	"dossier/hl7v2"
	"dossier/internal/golden"
)

// Ways of a gate.
const (
	gatePass    = iota // to the server behind it
	gateSwallow        // takes what comes and never answers
	gateBreak          // closes connections
)

// gate stands before a server and lets messages pass or not, so that one and the same address is well, slow and gone.
type gate struct {
	ln   net.Listener
	to   string
	way  atomic.Int32
	seen atomic.Int32 // requests, as pieces that were read
}

func startGate(t *testing.T, to string) *gate {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{ln: ln, to: to}
	var conns sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			conns.Go(func() { g.serve(c) })
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		conns.Wait()
	})
	return g
}

func (g *gate) serve(c net.Conn) {
	defer c.Close()
	var back net.Conn
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			break
		}
		g.seen.Add(1)
		if g.way.Load() == gateBreak {
			break
		}
		if g.way.Load() == gateSwallow {
			continue
		}
		if back == nil {
			if back, err = net.Dial("tcp", g.to); err != nil {
				break
			}
			go func(back net.Conn) {
				answer := make([]byte, 64<<10)
				for {
					n, err := back.Read(answer)
					if err != nil {
						c.Close()
						return
					}
					c.Write(answer[:n])
				}
			}(back)
		}
		if _, err := back.Write(buf[:n]); err != nil {
			break
		}
	}
	if back != nil {
		back.Close()
	}
}

// pair is a server with a patient index, and one that asks it, through a gate.
type pair struct {
	mpi, s *testServer
	gate   *gate
	config string // file of s
}

const (
	localDomain = "2.999.2.1"
	atMPI       = "MPI-1^^^&2.999.1.1&ISO"
	atMPI2      = "MPI-2^^^&2.999.1.1&ISO"
	atNobody    = "NOBODY^^^&2.999.1.1&ISO"
	local1      = "LOC-1^^^&2.999.2.1&ISO"
)

// startPair: change may alter the configuration of the server that asks.
func startPair(t *testing.T, protocol string, change func(*Config)) *pair {
	t.Helper()
	p := &pair{}
	c := goldenConfig(t)
	c.PIX.Device = "2.999.1.30"
	p.mpi = startServer(t, c, realWorld())
	target := p.mpi.feed()
	if protocol == mpiV3 {
		target = p.mpi.addr()
	}
	p.gate = startGate(t, target)
	c = goldenConfig(t)
	c.MPI.Mode, c.MPI.Protocol = mpiExternal, protocol
	c.MPI.Application, c.MPI.Facility, c.MPI.Device = "MPI", "NAT", "2.999.1.30"
	c.MPI.PIX, c.MPI.PDQ = p.gate.ln.Addr().String(), p.gate.ln.Addr().String()
	if protocol == mpiV3 {
		c.MPI.PIX, c.MPI.PDQ = "http://"+c.MPI.PIX+"/pix/manager", "http://"+c.MPI.PDQ+"/pdq/supplier"
	}
	if change != nil {
		change(c)
	}
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	p.s = startServer(t, c, realWorld())
	b, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	p.config = filepath.Join(t.TempDir(), "dossier.yaml")
	if err := os.WriteFile(p.config, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// adt sends a message and wants its acknowledgement.
func adt(t *testing.T, to *testServer, event, segments string) {
	t.Helper()
	if answer := adtAnswer(t, to, event, segments); !bytes.Contains(answer, []byte("MSA|AA|")) {
		t.Fatalf("%s: %q", event, answer)
	}
}

func adtAnswer(t *testing.T, to *testServer, event, segments string) []byte {
	t.Helper()
	msg := "\x0bMSH|^~\\&|MPI|NAT|D|D|20260102030400||ADT^" + event + "|" + controlID(realWorld().newID()) + "|P|2.5\rEVN||20260102030400\r" + segments + "\r\x1c\r"
	answer, err := golden.SendMLLP(to.feed(), []byte(msg))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// known feeds patients to the MPI, each on his own.
func (p *pair) known(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		adt(t, p.mpi, "A28", "PID|||"+id+"||"+id[:5]+"^Zoe\rPV1||N")
	}
}

func (p *pair) submit(t *testing.T, patient string) error {
	t.Helper()
	_, _, err := command(t.Context(), "submit", "--to", p.s.repository(), "--patient", patient, documents(t)[0])
	return err
}

func (p *pair) refused(t *testing.T, what, patient string, want ...string) {
	t.Helper()
	err := p.submit(t, patient)
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%s: got %v, want %s", what, err, w)
		}
	}
	p.stored(t, patient, 0)
}

func (p *pair) accepted(t *testing.T, what, patient string) {
	t.Helper()
	if err := p.submit(t, patient); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func (p *pair) stored(t *testing.T, patient string, want int) {
	t.Helper()
	if found := queryJSON(t, "--to", p.s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId="+patient, approved); len(found) != want {
		t.Errorf("%s: %d documents, want %d", patient, len(found), want)
	}
}

// eachProtocol runs a test with HL7 v2 and v3.
func eachProtocol(t *testing.T, test func(t *testing.T, protocol string)) {
	t.Parallel()
	for _, protocol := range []string{mpiV2, mpiV3} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			test(t, protocol)
		})
	}
}

func mustCX(t *testing.T, s string) hl7v2.CX {
	t.Helper()
	id, err := hl7v2.ParseCX(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
