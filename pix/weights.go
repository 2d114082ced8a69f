package pix

// Level is how far two values agree.
type Level int

// The levels of agreement. What is missing on either side says nothing and has no level.
const (
	Missing Level = iota
	Differ        // cannot be the same
	Remote        // part of it agrees: one of two surnames, the year of birth
	Alike         // the same but for a typing error, a swap, or the spelling of one sound
	Equal         // the same when folded
)

// Weights are what each level of agreement of a field adds, in the manner of Fellegi and Sunter: the binary logarithm of how
// much more often it occurs between two records of one person than between records of two. Missing adds nothing.
type Weights struct {
	Family, Given, Birth, Sex, Address, Phone, Mother [5]float64
	// Swapped is added when family and given name agree only with one taken for the other.
	Swapped float64
	// Twins is added when two records with unlike given names share birth date and family name: such pairs are more often
	// twins than renamed people.
	Twins float64
}

// DefaultWeights hold for a population without regard to how frequent a name is.
func DefaultWeights() Weights {
	return Weights{
		//        missing differ remote alike equal
		Family:  [5]float64{0, -3, 3, 5, 6.5},
		Given:   [5]float64{0, -5, 2.5, 3.5, 5.5},
		Birth:   [5]float64{0, -7, 1, 7.5, 12},
		Sex:     [5]float64{0, -3, 0, 0, 1},
		Address: [5]float64{0, -0.5, 2, 5, 7},
		Phone:   [5]float64{0, -0.5, 0, 5, 8},
		Mother:  [5]float64{0, -3, 1, 4, 5.5},
		Swapped: -1,
		Twins:   -6,
	}
}

// Thresholds are sums of weights.
type Thresholds struct {
	Link       float64 // from here on one person, as far as Policy.Automatic lets it be so
	Review     float64 // from here on a possible duplicate
	Contradict float64 // below, two records are not one person even with the same national id
}

// DefaultThresholds go with DefaultWeights; tools print what they give on a synthetic population (make matching).
func DefaultThresholds() Thresholds { return Thresholds{Link: 29, Review: 15, Contradict: -4} }

// Policy is the configuration of an index.
type Policy struct {
	Domains    Domains
	Weights    Weights
	Thresholds Thresholds
	// Automatic lets matching link identities of different domains on demographics alone.
	Automatic bool
	Consumers []Consumer
}

// maxCandidates is the most records that one change is compared with. Blocks are keys of several traits together, so that
// one is only this large when a source repeats itself.
const maxCandidates = 200
