package main

import (
	"fmt"

	"dossier/pix"
)

// WeightsConfig is pix.Weights: what the agreement of each field adds to the likeness of two records.
type WeightsConfig struct {
	Family  LevelsConfig `yaml:"family"`
	Given   LevelsConfig `yaml:"given"`
	Birth   LevelsConfig `yaml:"birth"`
	Sex     LevelsConfig `yaml:"sex"`
	Address LevelsConfig `yaml:"address"`
	Phone   LevelsConfig `yaml:"phone"`
	Mother  LevelsConfig `yaml:"mother"`
	Swapped float64      `yaml:"swapped"` // added when family and given name agree with one taken for the other
	Twins   float64      `yaml:"twins"`   // added when only the given names differ
}

// LevelsConfig is the weight of each pix.Level; what is missing adds nothing.
type LevelsConfig struct {
	Differ float64 `yaml:"differ"`
	Remote float64 `yaml:"remote"`
	Alike  float64 `yaml:"alike"`
	Equal  float64 `yaml:"equal"`
}

// maxWeight is far beyond any logarithm of a frequency, and small enough for sums to stay exact.
const maxWeight = 1000

func defaultWeights() WeightsConfig {
	w := pix.DefaultWeights()
	c := WeightsConfig{Swapped: w.Swapped, Twins: w.Twins}
	for _, f := range c.fields(&w) {
		*f.levels = LevelsConfig{Differ: f.to[pix.Differ], Remote: f.to[pix.Remote], Alike: f.to[pix.Alike], Equal: f.to[pix.Equal]}
	}
	return c
}

// weightField is a field of the configuration beside that of the index.
type weightField struct {
	name   string
	levels *LevelsConfig
	to     *[5]float64
}

func (c *WeightsConfig) fields(w *pix.Weights) []weightField {
	return []weightField{
		{"family", &c.Family, &w.Family}, {"given", &c.Given, &w.Given}, {"birth", &c.Birth, &w.Birth}, {"sex", &c.Sex, &w.Sex},
		{"address", &c.Address, &w.Address}, {"phone", &c.Phone, &w.Phone}, {"mother", &c.Mother, &w.Mother},
	}
}

func (c *WeightsConfig) weights() pix.Weights {
	w := pix.Weights{Swapped: c.Swapped, Twins: c.Twins}
	for _, f := range c.fields(&w) {
		*f.to = [5]float64{pix.Differ: f.levels.Differ, pix.Remote: f.levels.Remote, pix.Alike: f.levels.Alike, pix.Equal: f.levels.Equal}
	}
	return w
}

// check finds weights with which more agreement would count for less. Its comparisons refuse what is no number too.
func (c *WeightsConfig) check() (errs []error) {
	for _, f := range c.fields(&pix.Weights{}) {
		l := *f.levels
		if !(-maxWeight <= l.Differ && l.Differ <= l.Remote && l.Remote <= l.Alike && l.Alike <= l.Equal && l.Equal <= maxWeight) {
			errs = append(errs, fmt.Errorf("pix.weights.%s: expected differ <= remote <= alike <= equal, from %d to %d, got %v, %v, %v and %v",
				f.name, -maxWeight, maxWeight, l.Differ, l.Remote, l.Alike, l.Equal))
		}
	}
	for name, v := range map[string]float64{"swapped": c.Swapped, "twins": c.Twins} {
		if !(-maxWeight <= v && v <= 0) {
			errs = append(errs, fmt.Errorf("pix.weights.%s: expected %d to 0, got %v", name, -maxWeight, v))
		}
	}
	return errs
}
