package main

import (
	"context"
	"math"
	"math/rand/v2"
	"time"
)

// waitFor passes the time that another service would take: log-normal around the median, long in the tail.
func waitFor(ctx context.Context, median time.Duration) {
	const spread, atMost = 0.6, 5.0
	factor := min(math.Exp(spread*rand.NormFloat64()), atMost)
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(factor * float64(median))):
	}
}

// payload is a piece of request-scoped data whose pages are really written.
func payload(meanBytes int) []byte {
	bytes := make([]byte, meanBytes/2+rand.IntN(meanBytes))
	for i := range bytes {
		bytes[i] = byte(i)
	}
	return bytes
}
