package main

import "time"

const (
	// chunkBytes is small enough for every chunk to have its chance in a profile, as the objects of real leaks have.
	chunkBytes = 32 << 10
	pageBytes  = 4 << 10
	// leakedBytesAtMost is the bound that keeps a forgotten guest from filling the machine.
	leakedBytesAtMost = 700 << 20
)

// Leak keeps what nobody needs any more.
type Leak struct {
	bytesPerSecond int
	grownAt        time.Time
	owed           float64
	kept           [][]byte
}

// Grow leaks what has become due since the last call.
func (l *Leak) Grow(now time.Time) {
	if !l.grownAt.IsZero() {
		l.owed += now.Sub(l.grownAt).Seconds() * float64(l.bytesPerSecond)
	}
	l.grownAt = now
	for l.owed >= chunkBytes && len(l.kept)*chunkBytes < leakedBytesAtMost {
		l.owed -= chunkBytes
		l.kept = append(l.kept, rememberForEver())
	}
}

// rememberForEver allocates one chunk and touches its pages, so that resident memory grows as well. A function of its
// own for the profile's sake.
//
//go:noinline
func rememberForEver() []byte {
	chunk := make([]byte, chunkBytes)
	for at := 0; at < len(chunk); at += pageBytes {
		chunk[at] = 1
	}
	return chunk
}
