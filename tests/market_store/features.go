package main

import (
	"encoding/json"
	"net/http"
	"time"
)

// Store answers requests for the features of one entity.
type Store struct {
	table      *Table
	pool       *Pool
	embeddings *Embeddings // nil unless the store is a twin
	recent     *Recent     // nil unless the store is a twin
}

// Answer is the body of GET /features.
type Answer struct {
	Entity    string    `json:"entity"`
	Affinity  float64   `json:"affinity,omitempty"`
	Summaries []Summary `json:"summaries"`
}

func newStore(s Settings) *Store {
	store := &Store{table: newTable(s.Entities, s.Features, s.Points), pool: newPool(s.Workers)}
	if s.CacheEntries > 0 {
		store.embeddings = newEmbeddings(s.CacheEntries)
	}
	if s.RecentFor > 0 {
		store.recent = newRecent(s.RecentFor)
	}
	return store
}

// ServeHTTP is GET /features?entity=NAME.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	entity := r.URL.Query().Get("entity")
	if entity == "" || len(entity) > 64 {
		http.Error(w, "entity: give a name of 1 to 64 characters, as in /features?entity=7", http.StatusBadRequest)
		return
	}
	row := s.table.Row(entity)
	summaries, err := s.pool.Summaries(r.Context(), row)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	answer := Answer{Entity: entity, Summaries: summaries}
	if s.embeddings != nil {
		answer.Affinity = affinity(s.embeddings.Of(entity), summaries)
	}
	if s.recent != nil {
		s.recent.Keep(time.Now(), row)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the only failure is a client that went away
}

func affinity(vector []float64, summaries []Summary) float64 {
	var sum float64
	for i, weight := range vector {
		sum += weight * summaries[i%len(summaries)].DecayedMean
	}
	return sum / float64(len(vector))
}
