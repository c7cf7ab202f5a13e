package main

import (
	"math"
	"testing"
	"time"
)

func TestTheRateFollowsTrendAndSine(t *testing.T) {
	shape := Shape{Rate: 100, From: 1, To: 2, Reaches: time.Minute, Swing: 0.2, Period: 40 * time.Second, For: 2 * time.Minute}
	for since, wanted := range map[time.Duration]float64{
		0:                100,
		10 * time.Second: 100 * (1 + 1.0/6) * 1.2, // a quarter of the sine
		30 * time.Second: 100 * 1.5 * 0.8,         // three quarters
		80 * time.Second: 200,                     // the trend is over, the sine is at zero
	} {
		if got := shape.RateAt(since); math.Abs(got-wanted) > 1e-6 {
			t.Errorf("after %s the rate is %g, not %g", since, got, wanted)
		}
	}
}

func TestTheRateNeverStops(t *testing.T) {
	shape := Shape{Rate: 10, Swing: 1, Period: 40 * time.Second, For: time.Minute}
	if got := shape.RateAt(30 * time.Second); got != 0.1 {
		t.Errorf("the rate is %g", got)
	}
}

func TestALoadThatIsTooMuchIsRefused(t *testing.T) {
	for _, arguments := range [][]string{{"-rate=100000"}, {"-rate=0"}, {"-rate=-5"}, {"-for=2h"}, {"-for=-1s"}} {
		if err := run(append(arguments, "-target=http://127.0.0.1:1/")); err == nil {
			t.Errorf("%v was accepted", arguments)
		}
	}
}
