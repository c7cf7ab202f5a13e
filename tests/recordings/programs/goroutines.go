package main

import (
	"context"
	"time"
)

const (
	replicaMedian      = 2 * time.Millisecond
	replicaAnswerBytes = 3072
)

// newGoroutines leaks: a hedged call asks two replicas and takes the first answer. The channel has no room for the
// second one, so the slower goroutine waits for ever to hand over an answer that nobody wants.
func newGoroutines(settings Settings) (Behaviour, error) {
	return func(ctx context.Context, _ int) error {
		room := 2
		if settings.Leaking() {
			room = 0
		}
		answers := make(chan []byte, room)
		for range 2 {
			go func() {
				waitFor(context.Background(), replicaMedian)
				answers <- payload(replicaAnswerBytes)
			}()
		}
		select {
		case <-answers:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil
}
