package main

import (
	"context"
	"sync"
	"time"
)

const (
	rememberedFeatures = 8 // for each request
	rememberedBytes    = 192
	rememberedFor      = 2 * time.Second
	requestsPerSweep   = 8
)

type remembered struct {
	answer  []byte
	expires time.Time // zero: never
}

// growingMap leaks: the features of an answer are remembered against repeated requests, but without the time at which
// they expire. The sweep for expired ones visits them all under the lock, so latency rises with memory.
type growingMap struct {
	settings Settings

	mutex    sync.Mutex
	requests uint64
	features map[uint64]remembered
}

func newGrowingMap(settings Settings) (Behaviour, error) {
	m := &growingMap{settings: settings, features: map[uint64]remembered{}}
	return m.serve, nil
}

func (m *growingMap) serve(_ context.Context, _ int) error {
	now := time.Now()
	var expires time.Time
	if !m.settings.Leaking() {
		expires = now.Add(rememberedFor)
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for feature := range uint64(rememberedFeatures) {
		key := m.requests*rememberedFeatures + feature
		m.features[key] = remembered{payload(rememberedBytes), expires}
	}
	if m.requests++; m.requests%requestsPerSweep == 0 {
		m.sweep(now)
	}
	return nil
}

func (m *growingMap) sweep(now time.Time) {
	for feature, entry := range m.features {
		if !entry.expires.IsZero() && entry.expires.Before(now) {
			delete(m.features, feature)
		}
	}
}
