package main

import (
	"slices"
	"sync"
	"time"
)

// Outcomes collects what happened at one pod since the last summary.
type Outcomes struct {
	mutex   sync.Mutex
	seconds []float64 // of answered requests
	errors  int
	refused int
}

// Answered records a good answer and the time from when it was due.
func (o *Outcomes) Answered(took time.Duration) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.seconds = append(o.seconds, took.Seconds())
}

// Failed records a request without a good answer.
func (o *Outcomes) Failed() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.errors++
}

// Refused records a request that was not sent because too many were waiting already.
func (o *Outcomes) Refused() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.refused++
}

// Counts is a copy of what was collected.
type Counts struct {
	seconds []float64
	errors  int
	refused int
}

// Take gives what was collected and begins anew.
func (o *Outcomes) Take() Counts {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	taken := Counts{seconds: o.seconds, errors: o.errors, refused: o.refused}
	o.seconds, o.errors, o.refused = nil, 0, 0
	return taken
}

// Figures is one summary: rates per second, latencies in milliseconds.
type Figures struct {
	Rate    float64 `json:"rate"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Errors  int     `json:"errors"`
	Refused int     `json:"refused"`
}

func (c *Counts) add(other Counts) {
	c.seconds = append(c.seconds, other.seconds...)
	c.errors += other.errors
	c.refused += other.refused
}

func (c Counts) figures(over time.Duration) Figures {
	sorted := slices.Clone(c.seconds)
	slices.Sort(sorted)
	return Figures{
		Rate:    rounded(float64(len(sorted)) / over.Seconds()),
		P50:     rounded(1000 * quantile(sorted, 50)),
		P99:     rounded(1000 * quantile(sorted, 99)),
		Errors:  c.errors,
		Refused: c.refused,
	}
}

// quantile is the smallest value that the given percentage of the values do not exceed; 0 without values.
func quantile(sorted []float64, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*percent+99)/100-1]
}

func rounded(value float64) float64 {
	return float64(int64(value*10+.5)) / 10
}
