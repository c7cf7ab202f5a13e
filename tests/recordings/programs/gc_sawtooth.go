package main

import (
	"context"
	"runtime/debug"
	"sync"
	"time"
)

const (
	sawtoothGCPercent  = 300
	garbageNodeBytes   = 4096
	garbageNodes       = 64
	batchedBytes       = 2048
	batchFlushInterval = 30 * time.Second
)

type garbageNode struct {
	next  *garbageNode
	bytes []byte
}

// gcSawtooth is healthy: requests make much garbage that is collected seldom, and what they wrote is batched until it is
// flushed, so the heap is a saw of two periods around a constant mean.
type gcSawtooth struct {
	mutex   sync.Mutex
	batch   [][]byte
	flushed time.Time
}

func newGCSawtooth(Settings) (Behaviour, error) {
	debug.SetGCPercent(sawtoothGCPercent)
	s := &gcSawtooth{flushed: time.Now()}
	return s.serve, nil
}

func (s *gcSawtooth) serve(_ context.Context, _ int) error {
	var tree *garbageNode
	for range garbageNodes {
		tree = &garbageNode{next: tree, bytes: payload(garbageNodeBytes)}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.batch = append(s.batch, payload(batchedBytes))
	if time.Since(s.flushed) >= batchFlushInterval {
		s.batch, s.flushed = nil, time.Now()
	}
	return nil
}
