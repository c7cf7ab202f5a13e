//go:build ignore

// Child contexts of a long-lived parent that nobody cancels, each with a kilobyte of request-scoped values.
package main

import "context"

type key struct{}

type service struct {
	lifetime context.Context
}

func (s *service) follow() {
	request := context.WithValue(s.lifetime, key{}, make([]byte, 1024))
	child, cancel := context.WithCancel(request)
	_ = cancel
	select {
	case <-child.Done():
	default:
	}
}

func (s *service) serve(requests int) {
	for range requests {
		s.follow()
	}
}

func main() {
	lifetime, stop := context.WithCancel(context.Background())
	defer stop()
	s := &service{lifetime: lifetime}
	profileAround(func() { s.serve(2_000) }, func() { s.serve(20_000) })
}
