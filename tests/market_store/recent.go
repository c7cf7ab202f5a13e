package main

import (
	"sync"
	"time"
)

const recentValues = 3072 // float64 values kept of each request: 24 KiB

// Recent keeps what was served during the last moments. Its size is the request rate times the time kept, so it makes
// the healthy twin's memory follow its load, up and down.
type Recent struct {
	keepFor time.Duration

	mutex  sync.Mutex
	served []served // oldest first
}

type served struct {
	at     time.Time
	values []float64
}

func newRecent(keepFor time.Duration) *Recent {
	return &Recent{keepFor: keepFor}
}

// Keep remembers values of the row and forgets what is older than the window.
func (r *Recent) Keep(now time.Time, row [][]Point) {
	values := make([]float64, recentValues)
	for i := range values {
		series := row[i%len(row)]
		values[i] = series[i%len(series)].Value
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.served = append(r.served, served{at: now, values: values})
	r.forget(now)
}

// Forget drops what is older than the window. Called when no request comes, it lets an idle store shrink.
func (r *Recent) Forget(now time.Time) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.forget(now)
}

func (r *Recent) forget(now time.Time) {
	first := 0
	for first < len(r.served) && now.Sub(r.served[first].at) > r.keepFor {
		r.served[first] = served{} // the array behind the slice must not hold on to the values
		first++
	}
	r.served = r.served[first:]
}

// Len is the number of requests remembered.
func (r *Recent) Len() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return len(r.served)
}
