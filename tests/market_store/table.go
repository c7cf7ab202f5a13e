package main

import (
	"cmp"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
)

// Point is one observation of a feature.
type Point struct {
	AtMillis int64
	Value    float64
}

// Table holds the observations of every entity's features. It is filled once and never changes, so its size is the
// floor of the process' live heap.
type Table struct {
	rows [][][]Point // entity, feature, point
}

// Summary is what a request wants to know about one feature.
type Summary struct {
	Median       float64 `json:"median"`
	P95          float64 `json:"p95"`
	DecayedMean  float64 `json:"decayed_mean"`
	PeriodPoints int     `json:"period_points"`
}

const (
	tableSeed       = 20
	minuteMillis    = 60_000
	dayLengthPoints = 97
	seasonAmplitude = 10
	noiseAmplitude  = 4
	floorValue      = 100
	halfLifePoints  = 120
	shortestPeriod  = 2
	longestPeriod   = 330
)

// newTable makes the same synthetic observations on every start: a season and noise.
func newTable(entities, features, points int) *Table {
	random := rand.New(rand.NewPCG(tableSeed, tableSeed))
	rows := make([][][]Point, entities)
	for e := range rows {
		rows[e] = make([][]Point, features)
		for f := range rows[e] {
			series := make([]Point, points)
			for p := range series {
				season := seasonAmplitude * math.Sin(2*math.Pi*float64(p)/dayLengthPoints)
				series[p] = Point{
					AtMillis: int64(p) * minuteMillis,
					Value:    floorValue + season + noiseAmplitude*random.NormFloat64(),
				}
			}
			rows[e][f] = series
		}
	}
	return &Table{rows: rows}
}

// Row gives the features of an entity. Any name has a row: names share rows when there are more of them.
func (t *Table) Row(entity string) [][]Point {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(entity))
	return t.rows[int(hash.Sum32())%len(t.rows)]
}

// summarise is the work of one task: the points in order of their values, a decayed mean, and the period that explains
// the series best. It is plain CPU work and short-lived memory of a size that -points sets.
func summarise(series []Point) Summary {
	values := make([]float64, len(series))
	var sum float64
	for i, point := range series {
		values[i] = point.Value
		sum += point.Value
	}
	ordered := slices.Clone(series)
	slices.SortFunc(ordered, func(a, b Point) int { return cmp.Compare(a.Value, b.Value) })
	return Summary{
		Median:       ordered[len(ordered)/2].Value,
		P95:          ordered[len(ordered)*95/100].Value,
		DecayedMean:  decayedMean(values),
		PeriodPoints: period(values, sum/float64(len(values))),
	}
}

// decayedMean weighs a point half as much as one that is halfLifePoints younger.
func decayedMean(values []float64) float64 {
	var weighted, weights float64
	for i, value := range values {
		weight := math.Exp2(float64(i-len(values)) / halfLifePoints)
		weighted += weight * value
		weights += weight
	}
	return weighted / weights
}

// period is the lag with the highest autocorrelation, from shortestPeriod to longestPeriod points.
func period(values []float64, mean float64) int {
	best, bestLag := math.Inf(-1), 0
	for lag := shortestPeriod; lag <= longestPeriod && lag < len(values); lag++ {
		var sum float64
		for i := lag; i < len(values); i++ {
			sum += (values[i] - mean) * (values[i-lag] - mean)
		}
		if score := sum / float64(len(values)-lag); score > best {
			best, bestLag = score, lag
		}
	}
	return bestLag
}
