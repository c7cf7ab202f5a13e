package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// Shape is how the rate of requests develops.
type Shape struct {
	Rate    float64       // mean requests per second
	From    float64       // factor on the rate at the start
	To      float64       // factor on the rate from Reaches on
	Reaches time.Duration // 0: the end
	Swing   float64       // half height of the sine, as a share
	Period  time.Duration // length of the sine
	Jitter  float64       // standard deviation from second to second, as a share
	For     time.Duration

	second time.Duration
	jitter float64
}

// RateAt is the rate after a time since the start, in requests per second; always above zero.
func (s *Shape) RateAt(since time.Duration) float64 {
	if second := since.Truncate(time.Second); second != s.second || s.jitter == 0 {
		s.second, s.jitter = second, math.Exp(s.Jitter*rand.NormFloat64())
	}
	reaches := s.Reaches
	if reaches == 0 {
		reaches = s.For
	}
	progress := min(since.Seconds()/reaches.Seconds(), 1)
	sine := 1 + s.Swing*math.Sin(2*math.Pi*since.Seconds()/s.Period.Seconds())
	return max(s.Rate*(s.From+(s.To-s.From)*progress)*sine*s.jitter, 0.1)
}
