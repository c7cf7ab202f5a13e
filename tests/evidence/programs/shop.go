//go:build ignore

// One binary with several leaks, each made by the mode named in the second argument (several joined by "+"): they share
// a handler and the function that makes payloads, as the leaks of one service do. The mode `none` is the healthy service.
package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const payloadBytes = 1024

// payload only makes memory: whoever keeps it is to blame.
//
//go:noinline
func payload(number int) []byte {
	made := make([]byte, payloadBytes)
	made[0] = byte(number)
	return made
}

type valueKey struct{}

type store struct {
	lifetime context.Context
	sessions map[string][]byte
	recent   [4_000][]byte
	backlog  [][]byte
	client   *http.Client
	upstream string
	modes    map[string]bool
	requests int
}

// follow makes a child of the process's own context that nobody cancels.
func (s *store) follow(number int) {
	valued := context.WithValue(s.lifetime, valueKey{}, payload(number))
	child, cancel := context.WithCancel(valued)
	_ = cancel
	select {
	case <-child.Done():
	default:
	}
}

// remember has no eviction.
func (s *store) remember(number int) {
	s.sessions["session-"+strconv.Itoa(number)] = payload(number)
}

// hedge leaves the goroutine behind whose answer comes second.
func (s *store) hedge(number int) []byte {
	answers := make(chan []byte)
	for range 2 {
		go func() { answers <- payload(number) }()
	}
	return <-answers
}

// enqueue appends to a backlog that nobody works off.
func (s *store) enqueue(number int) {
	s.backlog = append(s.backlog, payload(number))
}

// fetch forgets to close the body of an answer that is not the expected one.
func (s *store) fetch(number int) error {
	answer, err := s.client.Get(s.upstream + "/entity/" + strconv.Itoa(number))
	if err != nil {
		return err
	}
	if answer.StatusCode == http.StatusNotFound {
		return nil
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// handle is what every request goes through; its ring of recent answers is bounded.
func (s *store) handle(number int) {
	s.recent[number%len(s.recent)] = payload(number)
	if s.modes["context"] {
		s.follow(number)
	}
	if s.modes["map"] {
		s.remember(number)
	}
	if s.modes["goroutine"] {
		s.hedge(number)
	}
	if s.modes["slice"] {
		s.enqueue(number)
	}
	if s.modes["body"] && number%20 == 0 {
		if err := s.fetch(number); err != nil {
			panic(err)
		}
	}
}

func (s *store) serve(requests int) {
	for range requests {
		s.handle(s.requests)
		s.requests++
	}
	time.Sleep(100 * time.Millisecond) // the goroutines of the last requests come to rest
}

func main() {
	lifetime, stop := context.WithCancel(context.Background())
	defer stop()
	modes := map[string]bool{}
	for _, mode := range strings.Split(os.Args[2], "+") {
		modes[mode] = true
	}
	requests := 14_000
	if len(os.Args) > 4 {
		requests, _ = strconv.Atoi(os.Args[4])
	}
	s := &store{lifetime: lifetime, sessions: map[string][]byte{}, client: &http.Client{}, modes: modes}
	if len(os.Args) > 3 {
		s.upstream = os.Args[3]
	}
	profileAround(func() { s.serve(5_000) }, func() { s.serve(requests) })
	println(len(s.sessions), len(s.backlog), len(s.recent))
}
