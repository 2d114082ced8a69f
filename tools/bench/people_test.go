package main

import "testing"

// TestPeople: names are distinct and spread as newPerson says, and few enough share an unusual one for an answer to hold them.
func TestPeople(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 100_000 {
		if seen[name(n)] {
			t.Fatalf("%s is the name of two numbers, one is %d", name(n), n)
		}
		seen[name(n)] = true
	}
	const people = 100_000
	frequent, families, found := 0, map[string]int{}, map[string]int{}
	for n := range people {
		p := newPerson(n)
		families[p.family]++
		if p.frequent {
			frequent++
			continue
		}
		found[p.beginning()+"*"+p.given]++
	}
	if most := families[name(0)]; most < people/100 || most > people/50 {
		t.Errorf("%d of %d have the most frequent family name", most, people)
	}
	if frequent < people/20 || frequent > people/4 {
		t.Errorf("%d of %d have a frequent name", frequent, people)
	}
	for sought, n := range found {
		if n*10 > 150 { // among a million; an answer holds 200
			t.Errorf("%s finds %d of %d", sought, n, people)
		}
	}
}
