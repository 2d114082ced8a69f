package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/pix"
	"dossier/store"
)

// IdentityBackend is a patient index and the registry's patients in one store.
type IdentityBackend struct {
	pix.Index
	pix.Worklist
	pix.Outbox
	Patients store.Patients
}

// The domains of the suite: the affinity domain, two hospitals and the nation.
const (
	HospitalA = "2.999.10.2"
	HospitalB = "2.999.10.3"
	Nation    = "2.999.10.4"
)

// Policy is the one of the suite. Matching never links.
func Policy() *pix.Policy {
	iso := func(namespace, oid string) hl7v2.HD {
		return hl7v2.HD{Namespace: namespace, UniversalID: oid, UniversalIDType: "ISO"}
	}
	return &pix.Policy{
		Domains: pix.Domains{
			{Authority: iso("AFF", Authority), Affinity: true},
			{Authority: iso("HA", HospitalA), Sources: []pix.Source{{Application: "ADT-A"}, {Application: "MPI", Facility: "NAT"}}},
			{Authority: iso("HB", HospitalB)},
			{Authority: iso("NAT", Nation), National: true, Check: pix.Luxembourg()},
		},
		Weights: pix.DefaultWeights(), Thresholds: pix.DefaultThresholds(),
		Consumers: []pix.Consumer{{Name: "all"}, {Name: "a", Domains: []string{HospitalA, Authority}}},
	}
}

// mpi is a world of identities.
type mpi struct {
	*testing.T
	IdentityBackend
}

// Identities tests a patient index. open returns a new, empty one under the policy and has it closed by t.Cleanup.
func Identities(t *testing.T, open func(t *testing.T, p *pix.Policy) IdentityBackend) {
	for _, c := range []struct {
		name string
		test func(*mpi)
	}{
		{"create", idsCreated},
		{"create refused", createRefused},
		{"update", idsUpdated},
		{"national id", nationalLinks},
		{"national id of somebody else", nationalContradicts},
		{"national id corrected", nationalCorrected},
		{"stated together", statedTogether},
		{"worklist", worklist},
		{"link and unlink", linkUnlink},
		{"unlink in the middle", unlinkMiddle},
		{"unlinked stays unlinked", unlinkedStays},
		{"links refused", linksRefused},
		{"merge", idsMerged},
		{"merged ids", mergedIDs},
		{"merge hands over", mergeHandsOver},
		{"merge of national ids", mergeNational},
		{"merge again", mergeAgain},
		{"merges refused", idMergesRefused},
		{"change of an id", idChanged},
		{"history", history},
		{"notices", notices},
		{"search", searches},
		{"search refused", searchRefused},
		{"long values", longValues},
		{"race to create", createRace},
		{"race to merge", idMergeRace},
		{"cancelled", idsCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(&mpi{t, open(t, Policy())})
		})
	}
	t.Run("automatic links", func(t *testing.T) {
		t.Parallel()
		p := Policy()
		p.Automatic = true
		automaticLinks(&mpi{t, open(t, p)})
	})
	t.Run("against the model", func(t *testing.T) {
		t.Parallel()
		identitiesAgainstModel(&mpi{t, open(t, Policy())})
	})
}

// id reads "A:1": domains are P for the affinity domain, A, B and N.
func id(s string) hl7v2.CX {
	domain, rest, _ := strings.Cut(s, ":")
	oid := map[string]string{"P": Authority, "A": HospitalA, "B": HospitalB, "N": Nation}[domain]
	if oid == "" {
		oid = "2.999.10.99"
	}
	if domain == "N" && len(rest) < 13 {
		rest = pix.Luxembourg().Complete("19800229" + rest)
	}
	return hl7v2.CX{ID: rest, Authority: hl7v2.HD{UniversalID: oid, UniversalIDType: "ISO"}}
}

func idList(s string) (out []hl7v2.CX) {
	for _, x := range strings.Fields(s) {
		out = append(out, id(x))
	}
	return out
}

// who gives demographics that differ in everything for different letters.
func who(letter string) pix.Demographics {
	n := int(letter[0] - 'a')
	return pix.Demographics{
		Names:     []pix.Name{{Family: words[n%len(words)], Given: words[(n+7)%len(words)]}},
		BirthDate: hl7v2.DTM(fmt.Sprintf("19%02d%02d%02d", 20+3*n, 1+n%12, 27-n)),
		Sex:       "F",
		Addresses: []pix.Address{{Street: words[(n+3)%len(words)], City: words[(n+5)%len(words)], Postcode: fmt.Sprintf("%02d%02d", 10+n, 90-3*n)}},
		Phones:    []pix.Phone{{Number: fmt.Sprintf("26%02d%02d%02d", 11+3*n, 87-3*n, 50+n)}},
	}
}

// words sound different from each other.
var words = strings.Fields("Thillgen Wagnarius Pombalino Croixmont Beckendorf Silveirinha Jungblut Ravelstein Moutarde Kirschfeld " +
	"Abelsheim Questiaux Nordhaff Zampatti Lefevrier Duscherey Gomesheiro")

var origin = pix.Origin{Source: pix.Source{Application: "ADT-A", Facility: "X"}, Message: "M1", At: time.Unix(1700000000, 0).UTC()}

func feed(event pix.Event, list, other string, d pix.Demographics) pix.Feed {
	return pix.Feed{Event: event, IDs: idList(list), Other: idList(other), Demographics: d, Origin: origin}
}

func (w *mpi) apply(event pix.Event, list, other string, d ...pix.Demographics) {
	w.Helper()
	if err := w.try(event, list, other, d...); err != nil {
		w.Fatalf("%s %s %s: %v", event, list, other, err)
	}
}

func (w *mpi) try(event pix.Event, list, other string, d ...pix.Demographics) error {
	d = append(d, pix.Demographics{})
	return w.Apply(context.Background(), feed(event, list, other, d[0]))
}

// refused says how a feed is refused, as "reason at part index"; "" when it is not.
func (w *mpi) refused(event pix.Event, list, other, want string, d ...pix.Demographics) {
	w.Helper()
	if got := refusal(w.try(event, list, other, d...)); got != want {
		w.Errorf("%s %s %s: got %q, want %q", event, list, other, got, want)
	}
}

func refusal(err error) string {
	var r *pix.Refusal
	var m *pix.MergeError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &r):
		return string(r.Reason) + " at " + string(r.Part) + string(rune('0'+r.Index))
	case errors.As(err, &m):
		return string(m.Reason)
	}
	return "not a refusal: " + err.Error()
}

// person checks who is one person with the first id: the whole list in order, or "" for an id that is not known.
func (w *mpi) person(first, want string) {
	w.Helper()
	p, err := w.Person(context.Background(), id(first).Key())
	if want == "" {
		if got := refusal(err); got != "expected an id that is known at id0" {
			w.Errorf("%s: got %v and %q, want an unknown id", first, p, got)
		}
		return
	}
	if err != nil {
		w.Errorf("%s: %v", first, err)
		return
	}
	var keys []hl7v2.PatientKey
	for _, x := range idList(want) {
		keys = append(keys, x.Key())
	}
	if got := p.IDs(); !slices.Equal(got, keys) {
		w.Errorf("%s is %v, want %v", first, got, keys)
	}
}

func (w *mpi) known(s string, want bool) {
	w.Helper()
	got, err := w.Patients.PatientKnown(context.Background(), id(s).Key())
	if err != nil || got != want {
		w.Errorf("the registry knows %s: %v and %v, want %v", s, got, err, want)
	}
}

// reviews checks the worklist: "A:1-B:2 alike", sorted.
func (w *mpi) reviews(want ...string) {
	w.Helper()
	found, err := w.Reviews(context.Background(), 100)
	if err != nil {
		w.Fatal(err)
	}
	var got []string
	for _, r := range found {
		got = append(got, short(r.A.Key)+"-"+short(r.B.Key)+" "+string(r.Reason))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.Errorf("worklist %q, want %q", got, want)
	}
}

func short(k hl7v2.PatientKey) string {
	for letter, oid := range map[string]string{"P": Authority, "A": HospitalA, "B": HospitalB, "N": Nation} {
		if k.Authority == oid {
			if letter == "N" {
				return "N:" + k.ID[8:11]
			}
			return letter + ":" + k.ID
		}
	}
	return k.ID
}
