package main

import (
	"math"
	"math/rand/v2"
	"sort"
)

// Keys draws entities. With a skew, entity k is drawn in proportion to 1/(k+1)^skew: few are asked for all the time,
// many now and then, so that a cache fills fast at first and ever more slowly after.
type Keys struct {
	upTo []float64 // cumulative popularity
}

func newKeys(count int, skew float64) Keys {
	upTo := make([]float64, count)
	var sum float64
	for k := range upTo {
		sum += math.Pow(float64(k+1), -skew)
		upTo[k] = sum
	}
	return Keys{upTo: upTo}
}

// Draw is safe for concurrent use.
func (k Keys) Draw() int {
	return sort.SearchFloat64s(k.upTo, rand.Float64()*k.upTo[len(k.upTo)-1])
}
