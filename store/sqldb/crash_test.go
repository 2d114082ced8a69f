package sqldb_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dossier/internal/pgtest"
	"dossier/store"
	"dossier/store/sqldb"
	"dossier/store/storetest"
	"dossier/xds"
	"dossier/xds/query"
)

const (
	crashPath  = "DOSSIER_TEST_CRASH_PATH" // set in the process that is to be killed
	crashRound = "DOSSIER_TEST_CRASH_ROUND"
	rounds     = 20
	perSet     = 3 // entries of each submission
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashPath); path != "" {
		if err := submitForever(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(pgtest.Main(m))
}

// submitForever writes a line for each submission whose Update has returned. Each replaces an entry of the one before.
func submitForever(path string) error {
	ctx := context.Background()
	round, err := strconv.ParseInt(os.Getenv(crashRound), 10, 64)
	if err != nil {
		return err
	}
	storetest.IDsFrom(round << 24)
	db, err := sqldb.OpenSQLite(ctx, path, sqldb.Options{})
	if err != nil {
		return err
	}
	if err := db.AddPatient(ctx, storetest.CX("A")); err != nil {
		return err
	}
	var last xds.EntryUUID
	for {
		s := storetest.Submit(storetest.CX("A"))
		for i := range perSet {
			e := s.Entry()
			s.Document(e, string(e.UniqueID))
			if i == 0 && last != "" {
				s.Replace(xds.Replace, e.EntryUUID, last)
			}
			last = e.EntryUUID
		}
		s.File(s.Folder().EntryUUID, last)
		r := s.Registration()
		if err := db.Update(ctx, func(tx store.RegistryTx) error { return tx.Register(ctx, r) }); err != nil {
			return err
		}
		fmt.Println(s.Set.UniqueID)
	}
}

// TestKilled kills a writing process again and again: what it reported as stored is there, and nothing is there by half.
func TestKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	path := filepath.Join(t.TempDir(), "dossier.db")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	acknowledged := 0
	for round := range rounds {
		sets := killAfter(t, path, round+1, 1+random.IntN(12))
		acknowledged += len(sets)
		checkComplete(t, path, sets)
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
	t.Logf("%d submissions acknowledged in %d rounds", acknowledged, rounds)
	checkIntegrity(t, path)
}

// killAfter lets a process submit, kills it after so many lines and returns all lines it wrote.
func killAfter(t *testing.T, path string, round, lines int) (sets []xds.UniqueID) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), crashPath+"="+path, crashRound+"="+strconv.Itoa(round))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, xds.UniqueID(strings.TrimSpace(line)))
		if len(sets) == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Fatalf("the process ended with %v instead of being killed: %s", err, stderr.String())
	}
	return sets
}

func checkComplete(t *testing.T, path string, sets []xds.UniqueID) {
	t.Helper()
	ctx := t.Context()
	db, err := sqldb.OpenSQLite(ctx, path, sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	stable := []xds.ObjectType{xds.Stable}
	both := []xds.Status{xds.Approved, xds.Deprecated}
	find := func(q query.Query) (found []store.Object) {
		t.Helper()
		err := db.View(ctx, func(r store.RegistryReader) (err error) { found, err = r.Find(ctx, q, true, 100000); return err })
		if err == nil {
			err = storetest.Fill(ctx, db, found)
		}
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	contents := func(ids query.IDs) []store.Object {
		return find(query.GetSubmissionSetAndContents{IDs: ids, ContentFilter: query.ContentFilter{Types: stable}})
	}
	// SubmissionSet, entries, Folder, their memberships, the filing and its membership.
	const objects = 1 + perSet + 1 + perSet + 1 + 2
	for _, id := range sets {
		if n := len(contents(query.IDs{UniqueIDs: []xds.UniqueID{id}})); n != objects {
			t.Errorf("an acknowledged submission has %d objects, want %d", n, objects)
		}
	}
	p := storetest.CX("A")
	all := find(query.FindSubmissionSets{Patient: p, Status: both})
	for _, s := range all {
		if n := len(contents(query.IDs{EntryUUIDs: []xds.EntryUUID{s.EntryUUID}})); n != objects {
			t.Errorf("a submission is there by half: %d objects, want %d", n, objects)
		}
	}
	entries := find(query.FindDocuments{Patient: p, DocumentFilter: query.DocumentFilter{Status: both, Types: stable}})
	if len(entries) != perSet*len(all) {
		t.Errorf("%d entries of %d submissions, want %d", len(entries), len(all), perSet*len(all))
	}
	for _, e := range entries {
		replaced := false
		for _, a := range find(query.GetRelatedDocuments{IDs: query.IDs{EntryUUIDs: []xds.EntryUUID{e.EntryUUID}}, Types: stable, AssociationTypes: []xds.AssociationType{xds.Replace}}) {
			replaced = replaced || a.Kind == store.Association && strings.Contains(string(a.Fragment), `targetObject="`+string(e.EntryUUID))
		}
		if deprecated := e.Volatile.Status == xds.Deprecated; deprecated != replaced {
			t.Errorf("an entry is deprecated: %v, replaced: %v", deprecated, replaced)
		}
	}
}

func checkIntegrity(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: got %q and error %v", verdict, err)
	}
	var counts [3]int
	err = db.QueryRow(`SELECT (SELECT count(*) FROM object WHERE kind = 'D'), (SELECT count(*) FROM document),
	(SELECT count(*) FROM pragma_foreign_key_check)`).Scan(&counts[0], &counts[1], &counts[2])
	if err != nil || counts[0] != counts[1] || counts[2] != 0 {
		t.Errorf("got %d entries, %d documents, %d broken references and error %v", counts[0], counts[1], counts[2], err)
	}
}
