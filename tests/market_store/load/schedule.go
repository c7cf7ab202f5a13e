package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Phase is a rate held for a time. A duration of zero, allowed in the last phase only, means until the run's bound.
type Phase struct {
	Name          string
	RatePerSecond float64 // for each server pod
	For           time.Duration
}

const highestRatePerSecond = 1000

// parseSchedule reads "peak:44x105s,ebb:33x300s": name, requests per second for each pod, duration. The last phase may
// leave its duration out: it then lasts until the run's own bound.
func parseSchedule(text string) ([]Phase, error) {
	parts := strings.Split(text, ",")
	phases := make([]Phase, 0, len(parts))
	for i, part := range parts {
		phase, err := parsePhase(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("-schedule: phase %d is %q: %w; write it as in peak:44x105s", i+1, part, err)
		}
		if phase.For == 0 && i < len(parts)-1 {
			return nil, fmt.Errorf("-schedule: phase %d is %q: only the last phase may have no duration", i+1, part)
		}
		phases = append(phases, phase)
	}
	return phases, nil
}

func parsePhase(text string) (Phase, error) {
	name, rest, found := strings.Cut(text, ":")
	if !found || name == "" {
		return Phase{}, fmt.Errorf("a name and a colon are missing")
	}
	rateText, durationText, timed := strings.Cut(rest, "x")
	rate, err := strconv.ParseFloat(rateText, 64)
	if err != nil || !(rate >= 0 && rate <= highestRatePerSecond) {
		return Phase{}, fmt.Errorf("the rate must be a number from 0 to %d", highestRatePerSecond)
	}
	phase := Phase{Name: name, RatePerSecond: rate}
	if !timed {
		return phase, nil
	}
	if phase.For, err = time.ParseDuration(durationText); err != nil || phase.For <= 0 {
		return Phase{}, fmt.Errorf("the duration must be a time such as 105s or 5m")
	}
	return phase, nil
}

// phaseAt is the phase in force after a time since the start; false once the schedule is over.
func phaseAt(phases []Phase, since time.Duration) (Phase, bool) {
	for _, phase := range phases {
		if phase.For == 0 || since < phase.For {
			return phase, true
		}
		since -= phase.For
	}
	return Phase{}, false
}
