package main

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/http"
)

const (
	catalogueEntities = 2048
	featuresPerEntity = 32
	pointsPerFeature  = 64 // 2048 × 32 × 64 × 8 bytes: 32 MiB that every behaviour has in common
	scratchPoints     = 24 * 1024
)

// Catalogue is the constant part of the service: a table of features in memory, and the garbage and CPU time that an
// ordinary request costs.
type Catalogue struct {
	entities [][]float64
}

func newCatalogue() *Catalogue {
	c := &Catalogue{entities: make([][]float64, catalogueEntities)}
	for i := range c.entities {
		points := make([]float64, featuresPerEntity*pointsPerFeature)
		for j := range points {
			points[j] = rand.NormFloat64()
		}
		c.entities[i] = points
	}
	return c
}

// Answer writes the means of an entity's features, smoothed in a scratch array as a model would want them.
func (c *Catalogue) Answer(w http.ResponseWriter, entity int) {
	points := c.entities[entity%catalogueEntities]
	scratch := make([]float64, scratchPoints)
	for i := range scratch {
		scratch[i] = math.FMA(points[i%len(points)], 0.9, scratch[max(i-1, 0)]*0.1)
	}
	means := make([]float64, featuresPerEntity)
	for i := range scratch {
		means[i%featuresPerEntity] += scratch[i] * featuresPerEntity / scratchPoints
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"entity": entity, "features": means})
}
