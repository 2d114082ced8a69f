package sqldb_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"dossier/hl7v2"
	"dossier/pix"
	"dossier/store/sqldb"
	"dossier/store/storetest"
)

// benchPatients is how many patients an index holds before it is measured.
const benchPatients = 10000

// someone gives a patient whose traits repeat as those of people do.
func someone(r *rand.Rand, n int) pix.Feed {
	word := func(of int) string {
		return fmt.Sprintf("N%c%c%c%d", 'a'+r.IntN(of), 'a'+r.IntN(20), 'a'+r.IntN(20), r.IntN(9))
	}
	return pix.Feed{
		Event: pix.EventCreate,
		IDs:   []hl7v2.CX{{ID: fmt.Sprint(n), Authority: hl7v2.HD{UniversalID: storetest.HospitalB, UniversalIDType: "ISO"}}},
		Demographics: pix.Demographics{
			Names: []pix.Name{{Family: word(10), Given: word(2)}}, Sex: "F",
			BirthDate: hl7v2.DTM(fmt.Sprintf("%04d%02d%02d", 1930+r.IntN(90), 1+r.IntN(12), 1+r.IntN(28))),
			Addresses: []pix.Address{{Street: word(20), Postcode: fmt.Sprint(1000 + r.IntN(8999)), City: word(3)}},
			Phones:    []pix.Phone{{Number: fmt.Sprint(10000000 + r.IntN(89999999))}},
		},
	}
}

func indexed(b *testing.B) (*sqldb.Identities, *rand.Rand) {
	b.Helper()
	index := open(b).Identities(storetest.Policy())
	r := rand.New(rand.NewPCG(1, 1))
	for n := range benchPatients {
		if err := index.Apply(b.Context(), someone(r, n)); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	return index, r
}

func BenchmarkIdentityFeed(b *testing.B) {
	index, r := indexed(b)
	n := benchPatients
	for b.Loop() {
		n++
		if err := index.Apply(b.Context(), someone(r, n)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPIXQuery(b *testing.B) {
	index, r := indexed(b)
	for b.Loop() {
		if _, err := index.Person(b.Context(), hl7v2.PatientKey{ID: fmt.Sprint(r.IntN(benchPatients)), Authority: storetest.HospitalB}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDemographicsQuery(b *testing.B) {
	index, r := indexed(b)
	for b.Loop() {
		f := someone(r, 0)
		s := pix.Search{Family: f.Demographics.Names[0].Family[:3] + "*", Birth: pix.Dates{From: f.Demographics.BirthDate, To: f.Demographics.BirthDate}}
		if _, err := index.Search(b.Context(), s, 200); err != nil {
			b.Fatal(err)
		}
	}
}
