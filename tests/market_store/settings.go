package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

// Settings is everything a run can be told. Each flag takes its default from the environment variable
// MARKET_STORE_<FLAG> (upper case, dashes as underscores), so that a manifest needs no arguments.
type Settings struct {
	Listen       string        // address of the service and of /metrics
	ProfileOn    string        // address of pprof; must stay on the loopback interface
	Entities     int           // rows of the feature table
	Features     int           // features of a row; every request makes one task for each
	Points       int           // points of a feature
	Workers      int           // tasks that may run at once in the process-wide pool
	CacheEntries int           // bound of the embedding cache; 0 switches it off
	RecentFor    time.Duration // how long a request's served values are kept; 0 switches it off
	MeasureFor   time.Duration // when set: print the CPU time of a request on this machine and leave
}

// settingsFrom reads the flags and refuses what cannot work, naming the flag.
func settingsFrom(arguments []string) (Settings, error) {
	var s Settings
	set := flag.NewFlagSet("market-store", flag.ContinueOnError)
	set.StringVar(&s.Listen, "listen", ":8080", "address of /features, /readyz and /metrics")
	set.StringVar(&s.ProfileOn, "profile-on", "localhost:6060", "loopback address of /debug/pprof")
	set.IntVar(&s.Entities, "entities", 50, "rows of the feature table")
	set.IntVar(&s.Features, "features", 20, "features per row")
	set.IntVar(&s.Points, "points", 800, "points per feature")
	set.IntVar(&s.Workers, "workers", 16, "tasks that may run at once")
	set.IntVar(&s.CacheEntries, "cache-entries", 0, "bound of the embedding cache, 0 for none")
	set.DurationVar(&s.RecentFor, "recent-for", 0, "how long served values are kept, 0 for not at all")
	set.DurationVar(&s.MeasureFor, "measure-for", 0, "print the CPU time of a request and leave")
	if err := fromEnvironment(set, "MARKET_STORE_"); err != nil {
		return s, err
	}
	if err := set.Parse(arguments); err != nil {
		return s, err
	}
	return s, s.refuseNonsense()
}

func (s Settings) refuseNonsense() error {
	for _, bound := range []struct {
		name            string
		value, min, max int
	}{
		{"entities", s.Entities, 1, 100_000},
		{"features", s.Features, 1, 1_000},
		{"points", s.Points, 8, 100_000},
		{"workers", s.Workers, 1, 1_000},
		{"cache-entries", s.CacheEntries, 0, 1_000_000},
	} {
		if bound.value < bound.min || bound.value > bound.max {
			return fmt.Errorf("-%s is %d: choose a number from %d to %d", bound.name, bound.value, bound.min, bound.max)
		}
	}
	if s.RecentFor < 0 || s.RecentFor > 10*time.Minute {
		return fmt.Errorf("-recent-for is %s: choose a time from 0s to 10m", s.RecentFor)
	}
	return nil
}

// fromEnvironment lets MARKET_STORE_CACHE_ENTRIES stand for -cache-entries. A flag given on the command line wins.
func fromEnvironment(set *flag.FlagSet, prefix string) error {
	var failure error
	set.VisitAll(func(f *flag.Flag) {
		name := prefix + environmentName(f.Name)
		if value, ok := os.LookupEnv(name); ok && failure == nil {
			if err := set.Set(f.Name, value); err != nil {
				failure = fmt.Errorf("%s is %q: %w", name, value, err)
			}
		}
	})
	return failure
}

func environmentName(flagName string) string {
	name := []byte(flagName)
	for i, c := range name {
		switch {
		case c == '-':
			name[i] = '_'
		case c >= 'a' && c <= 'z':
			name[i] = c - 'a' + 'A'
		}
	}
	return string(name)
}
