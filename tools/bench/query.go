package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds/query"
)

// load registers the DocumentEntries to search: each patient's in one submission.
func (b *bench) load(ctx context.Context, s *server) error {
	c := newClient()
	defer c.close()
	started, entries := time.Now(), 0
	for _, g := range []struct {
		group         string
		patients, per int
	}{{groupTen, b.tens, 10}, {groupHundred, b.hundreds, 100}} {
		for i := range g.patients {
			if _, err := c.register(ctx, s, b.ids.submission(patient(g.group, i), g.per)); err != nil {
				return err
			}
			entries += g.per
		}
	}
	b.table.note("registry of %d DocumentEntries, loaded by ITI-42 in %.1f s", entries, time.Since(started).Seconds())
	return nil
}

// query measures FindDocuments beside the statement that reads the same fragments.
func (b *bench) query(ctx context.Context, s *server) (err error) {
	c := newClient()
	defer c.close()
	db, err := openServers(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	for _, g := range []struct {
		group             string
		patients, results int
	}{{groupTen, b.tens, 10}, {groupHundred, b.hundreds, 100}} {
		asked, read := rounds(g.group, g.patients), rounds(g.group, g.patients)
		result, err := alternate(ctx, b.plan, b.most,
			func(ctx context.Context) (time.Duration, error) { return c.findDocuments(ctx, s, asked(), g.results) },
			func(ctx context.Context) (time.Duration, error) { return db.findFragments(ctx, read(), g.results) })
		if err != nil {
			return err
		}
		b.table.add(fmt.Sprintf("ITI-18 FindDocuments, LeafClass, %d results", g.results), "SELECT of the same fragments", result, c.clock.read, goalQuery)
	}
	return nil
}

// rounds gives one patient of the group after the other.
func rounds(group string, n int) func() hl7v2.CX {
	i := 0
	return func() hl7v2.CX {
		i++
		return patient(group, i%n)
	}
}

func (c *client) findDocuments(ctx context.Context, s *server, of hl7v2.CX, want int) (time.Duration, error) {
	definition, ok := query.Lookup("FindDocuments")
	if !ok {
		return 0, errors.New("no stored query FindDocuments")
	}
	request, err := query.Encode(definition, []query.Param{
		{Name: "$XDSDocumentEntryPatientId", Value: query.Quote(of.String())}, {Name: "$XDSDocumentEntryStatus", Value: "Approved"},
	})
	if err != nil {
		return 0, err
	}
	call := soap.Call{Action: iti.RegistryStoredQuery.Action, Body: []soap.Segment{{XML: ebrim.AppendAdhocQueryRequest(nil, request)}}}
	return c.call(ctx, s.registry, call, func(reply *soap.Reply) error {
		answer, ok := ebrim.DecodeAdhocQueryResponse(reply.Body)
		if !ok || answer.Status != ebrim.StatusSuccess || len(answer.Objects.ExtrinsicObjects) != want {
			return fmt.Errorf("FindDocuments: expected Success with %d DocumentEntries, got %+v", want, answer)
		}
		return nil
	})
}

const fragments = `SELECT c.fragment FROM object o JOIN document_entry c ON c.seq = o.seq
WHERE o.patient = (SELECT root FROM patient WHERE authority = $1 AND identifier = $2) AND o.kind = 'D' AND o.status = 'A' AND c.object_type = 'S'`

// findFragments reads the stored fragments of a patient's DocumentEntries into one buffer, as an answer needs them.
func (d *database) findFragments(ctx context.Context, of hl7v2.CX, want int) (time.Duration, error) {
	s, err := d.prepare(ctx, fragments)
	if err != nil {
		return 0, err
	}
	key := of.Key()
	start := time.Now()
	rows, err := s.QueryContext(ctx, key.Authority, key.ID)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	answer, got := d.answer[:0], 0
	for ; rows.Next(); got++ {
		var fragment sql.RawBytes
		if err := rows.Scan(&fragment); err != nil {
			return 0, err
		}
		answer = append(answer, fragment...)
	}
	took := time.Since(start)
	d.answer = answer
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if got != want {
		return 0, fmt.Errorf("SELECT: expected %d fragments, got %d", want, got)
	}
	return took, nil
}
