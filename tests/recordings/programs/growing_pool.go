package main

import (
	"context"
	"sync"
	"time"
)

const (
	pooledBytes  = 1 << 20
	pooledMedian = 120 * time.Millisecond
)

// growingPool is healthy: it keeps every buffer that was ever needed at the same time, so it grows to the highest
// concurrency it has seen and never shrinks.
type growingPool struct {
	mutex sync.Mutex
	free  [][]byte
}

func newGrowingPool(Settings) (Behaviour, error) {
	p := &growingPool{}
	return p.serve, nil
}

func (p *growingPool) serve(ctx context.Context, _ int) error {
	buffer := p.take()
	defer p.giveBack(buffer)
	waitFor(ctx, pooledMedian)
	return nil
}

func (p *growingPool) take() []byte {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if last := len(p.free) - 1; last >= 0 {
		buffer := p.free[last]
		p.free = p.free[:last]
		return buffer
	}
	return payload(pooledBytes)
}

func (p *growingPool) giveBack(buffer []byte) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.free = append(p.free, buffer)
}
