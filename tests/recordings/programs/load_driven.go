package main

import (
	"context"
	"runtime"
	"time"
)

const (
	workingBytes  = 1 << 20
	workingMedian = 350 * time.Millisecond
)

// newLoadDriven is healthy: a request holds a working array for as long as it takes, so memory is proportional to the
// requests at work, and rises only as load does.
func newLoadDriven(Settings) (Behaviour, error) {
	return func(ctx context.Context, _ int) error {
		working := payload(workingBytes)
		waitFor(ctx, workingMedian)
		runtime.KeepAlive(working)
		return nil
	}, nil
}
