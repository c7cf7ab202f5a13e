//go:build ignore

// A generic map without eviction.
package main

import "strconv"

type memory[K comparable, V any] struct {
	held map[K]V
}

//go:noinline
func (m *memory[K, V]) remember(key K, value V) {
	m.held[key] = value
}

type session struct {
	payload []byte
	visits  map[string]int
}

//go:noinline
func newSession() *session {
	return &session{payload: make([]byte, 1024), visits: map[string]int{"first": 1}}
}

func visit(sessions *memory[string, *session], from, to int) {
	for i := from; i < to; i++ {
		sessions.remember("session-"+strconv.Itoa(i), newSession())
	}
}

func main() {
	sessions := &memory[string, *session]{held: map[string]*session{}}
	profileAround(func() { visit(sessions, 0, 2_000) }, func() { visit(sessions, 2_000, 22_000) })
	println(len(sessions.held))
}
