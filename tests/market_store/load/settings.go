package main

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
)

// longestRun and mostRequests bound every run, whatever its flags say.
const (
	longestRun   = 20 * time.Minute
	mostRequests = 500_000
)

// Settings is everything a run can be told. Each flag takes its default from the environment variable LOAD_<FLAG>.
type Settings struct {
	Target      *url.URL
	Schedule    []Phase
	MaxDuration time.Duration
	MaxRequests int64
	InFlight    int // for each server pod
	Keys        int
	Skew        float64
	ReportEvery time.Duration
}

func settingsFrom(arguments []string) (Settings, error) {
	var s Settings
	var target, schedule string
	set := flag.NewFlagSet("load", flag.ContinueOnError)
	set.StringVar(&target, "target", "http://localhost:8080/features", "URL; its host may be a headless Service")
	set.StringVar(&schedule, "schedule", "peak:44x105s,ebb:33", "NAME:RATExDURATION, comma separated, for each pod")
	set.DurationVar(&s.MaxDuration, "max-duration", longestRun, "end after this time, whatever the schedule says")
	set.Int64Var(&s.MaxRequests, "max-requests", mostRequests, "end after this many requests")
	set.IntVar(&s.InFlight, "in-flight", 60, "requests that may wait at one pod; more are refused here")
	set.IntVar(&s.Keys, "keys", 50, "number of different entities asked for")
	set.Float64Var(&s.Skew, "skew", 0, "exponent of the keys' popularity; 0 makes all equally popular")
	set.DurationVar(&s.ReportEvery, "report-every", 10*time.Second, "time between two summary lines")
	if err := fromEnvironment(set); err != nil {
		return s, err
	}
	if err := set.Parse(arguments); err != nil {
		return s, err
	}
	var err error
	if s.Schedule, err = parseSchedule(schedule); err != nil {
		return s, err
	}
	s.Target, err = url.Parse(target)
	if err != nil || s.Target.Scheme != "http" || s.Target.Port() == "" {
		return s, fmt.Errorf("-target is %q: give a URL with a port, as in http://name:8080/features", target)
	}
	return s, s.refuseNonsense()
}

func (s Settings) refuseNonsense() error {
	switch {
	case s.MaxDuration <= 0 || s.MaxDuration > longestRun:
		return fmt.Errorf("-max-duration is %s: choose more than 0s and at most %s", s.MaxDuration, longestRun)
	case s.MaxRequests <= 0 || s.MaxRequests > mostRequests:
		return fmt.Errorf("-max-requests is %d: choose from 1 to %d", s.MaxRequests, mostRequests)
	case s.InFlight < 1 || s.InFlight > 1000:
		return fmt.Errorf("-in-flight is %d: choose from 1 to 1000", s.InFlight)
	case s.Keys < 1 || s.Keys > 1_000_000:
		return fmt.Errorf("-keys is %d: choose from 1 to 1000000", s.Keys)
	case s.Skew < 0 || s.Skew > 4:
		return fmt.Errorf("-skew is %g: choose from 0 to 4", s.Skew)
	case s.ReportEvery < time.Second || s.ReportEvery > time.Minute:
		return fmt.Errorf("-report-every is %s: choose from 1s to 1m", s.ReportEvery)
	}
	return nil
}

// fromEnvironment lets LOAD_MAX_DURATION stand for -max-duration. A flag given on the command line wins.
func fromEnvironment(set *flag.FlagSet) error {
	var failure error
	set.VisitAll(func(f *flag.Flag) {
		name := "LOAD_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value, ok := os.LookupEnv(name); ok && failure == nil {
			if err := set.Set(f.Name, value); err != nil {
				failure = fmt.Errorf("%s is %q: %w", name, value, err)
			}
		}
	})
	return failure
}
