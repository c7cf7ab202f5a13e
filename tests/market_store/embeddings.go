package main

import (
	"container/list"
	"hash/fnv"
	"math/rand/v2"
	"sync"
)

const embeddingLength = 2048 // float64 values: 16 KiB for each entry

// Embeddings is a least-recently-used cache with a bound. It makes the healthy twin's memory rise for a while after
// a start, ever more slowly because popular entities are there already, and then stay where it is.
type Embeddings struct {
	bound int

	mutex   sync.Mutex
	byName  map[string]*list.Element
	byUsage *list.List // most recently used first
}

type embedding struct {
	entity string
	vector []float64
}

func newEmbeddings(bound int) *Embeddings {
	return &Embeddings{bound: bound, byName: map[string]*list.Element{}, byUsage: list.New()}
}

// Of gives the entity's vector, from the cache if it is there.
func (e *Embeddings) Of(entity string) []float64 {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if found, ok := e.byName[entity]; ok {
		e.byUsage.MoveToFront(found)
		return found.Value.(embedding).vector
	}
	for e.byUsage.Len() >= e.bound {
		oldest := e.byUsage.Back()
		delete(e.byName, oldest.Value.(embedding).entity)
		e.byUsage.Remove(oldest)
	}
	loaded := embedding{entity: entity, vector: loadEmbedding(entity)}
	e.byName[entity] = e.byUsage.PushFront(loaded)
	return loaded.vector
}

// Len is the number of entries held, never more than the bound.
func (e *Embeddings) Len() int {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.byUsage.Len()
}

func loadEmbedding(entity string) []float64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(entity))
	random := rand.New(rand.NewPCG(hash.Sum64(), tableSeed))
	vector := make([]float64, embeddingLength)
	for i := range vector {
		vector[i] = random.Float64()
	}
	return vector
}
