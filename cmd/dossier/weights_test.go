package main

import (
	"math"
	"strings"
	"testing"

	"dossier/pix"
)

// TestWeights: without configuration the weights are those of the index; single ones can be set, by file and by variable.
func TestWeights(t *testing.T) {
	t.Parallel()
	c := defaults()
	if got := c.policy().Weights; got != pix.DefaultWeights() {
		t.Errorf("got %+v, want %+v", got, pix.DefaultWeights())
	}
	set, err := load(t, "pix:\n  weights:\n    birth: {equal: 14, remote: -1}\n    twins: -9\n", []string{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := pix.DefaultWeights()
	want.Birth[pix.Equal], want.Birth[pix.Remote], want.Twins = 14, -1, -9
	if got := set.policy().Weights; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestWeightsDecide: the same two records are a possible duplicate with one set of weights and nothing with another.
func TestWeightsDecide(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		change func(*Config)
		lines  int
	}{
		{func(*Config) {}, 1},
		{func(c *Config) { c.PIX.Weights.Birth = LevelsConfig{Differ: -99, Remote: -99, Alike: -99, Equal: -99} }, 0},
	} {
		c := goldenConfig(t)
		x.change(c)
		s := startServer(t, c, testWorld())
		for _, id := range []string{"W-1^^^&2.999.2.1&ISO", "W-2^^^&2.999.1.1&ISO"} {
			mustCommand(t, "feed", "--to", s.feed(), "--patient", id, "--family", "Weber", "--given", "Wanda", "--birth", "19620412", "--sex", "F")
		}
		list, err := s.node.identities.Reviews(t.Context(), 10)
		if err != nil || len(list) != x.lines {
			t.Errorf("worklist %+v, %v, want %d pairs", list, err, x.lines)
		}
	}
}

// TestWeightsAreChecked refuses weights with which more agreement would count for less.
func TestWeightsAreChecked(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*WeightsConfig){
		"pix.weights.family: expected differ <= remote": func(w *WeightsConfig) { w.Family.Differ = 4 },
		"pix.weights.given: expected":                   func(w *WeightsConfig) { w.Given.Alike = 6 },
		"pix.weights.birth: expected":                   func(w *WeightsConfig) { w.Birth.Equal = 1001 },
		"pix.weights.sex: expected":                     func(w *WeightsConfig) { w.Sex.Remote = math.NaN() },
		"pix.weights.address: expected":                 func(w *WeightsConfig) { w.Address.Differ = math.Inf(-1) },
		"pix.weights.phone: expected":                   func(w *WeightsConfig) { w.Phone.Remote = 9 },
		"pix.weights.mother: expected":                  func(w *WeightsConfig) { w.Mother.Equal = 0 },
		"pix.weights.swapped: expected -1000 to 0":      func(w *WeightsConfig) { w.Swapped = 1 },
		"pix.weights.twins: expected -1000 to 0":        func(w *WeightsConfig) { w.Twins = math.NaN() },
	} {
		c := defaults()
		change(&c.PIX.Weights)
		if err := c.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, text := range []string{"pix: {weights: {surname: {equal: 1}}}", "pix: {weights: {family: {missing: 1}}}", "pix: {weights: {family: 3}}", "pix: {weights: {twins: much}}"} {
		if _, err := load(t, text, []string{}, nil); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}
