package main

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const resolveEvery = time.Second

// Fleet presses every pod behind the target with the schedule's rate, and follows the pods as they come and go: a
// restarted store gets new addresses, and each of them its own full rate.
type Fleet struct {
	settings Settings
	keys     Keys
	start    time.Time
	budget   atomic.Int64
	pods     map[string]*Pod
	gone     Counts // of pods that left since the last summary
	pressing sync.WaitGroup
}

// Line is one summary as it is printed.
type Line struct {
	AtSeconds float64 `json:"at_seconds"`
	Phase     string  `json:"phase"`
	Figures
	ByPod map[string]Figures `json:"by_pod"`
}

func newFleet(s Settings) *Fleet {
	f := &Fleet{settings: s, keys: newKeys(s.Keys, s.Skew), start: time.Now(), pods: map[string]*Pod{}}
	f.budget.Store(s.MaxRequests)
	return f
}

// Run presses until the schedule, the time or the budget is used up, with a summary line every so often.
func (f *Fleet) Run(ctx context.Context, out io.Writer) {
	ctx, cancel := context.WithTimeout(ctx, f.settings.MaxDuration)
	defer f.pressing.Wait()
	defer cancel()
	resolve := time.NewTicker(resolveEvery)
	report := time.NewTicker(f.settings.ReportEvery)
	defer resolve.Stop()
	defer report.Stop()
	f.follow(ctx)
	reported := f.start
	for {
		select {
		case <-ctx.Done():
			return
		case <-resolve.C:
			f.follow(ctx)
		case now := <-report.C:
			f.report(out, now.Sub(reported))
			reported = now
		}
		if _, running := phaseAt(f.settings.Schedule, time.Since(f.start)); !running || f.budget.Load() <= 0 {
			f.report(out, max(time.Since(reported), time.Second))
			return
		}
	}
}

// follow starts on new addresses and leaves those that are no longer behind the target.
func (f *Fleet) follow(ctx context.Context) {
	asking, done := context.WithTimeout(ctx, resolveEvery)
	defer done()
	addresses, known := addressesOf(asking, f.settings.Target.Hostname())
	if !known {
		return
	}
	present := map[string]bool{}
	for _, address := range addresses {
		present[address] = true
		if f.pods[address] == nil {
			f.press(ctx, address)
		}
	}
	for address, pod := range f.pods {
		if !present[address] {
			pod.stop()
			f.gone.add(pod.Outcomes.Take())
			delete(f.pods, address)
		}
	}
}

func (f *Fleet) press(ctx context.Context, address string) {
	pod := newPod(f.settings, address, f.keys, &f.budget)
	pressing, stop := context.WithCancel(ctx)
	pod.stop = stop
	f.pods[address] = pod
	f.pressing.Add(1)
	go func() {
		defer f.pressing.Done()
		pod.Press(pressing, f.settings.Schedule, f.start)
	}()
}

func (f *Fleet) report(out io.Writer, over time.Duration) {
	since := time.Since(f.start)
	phase, _ := phaseAt(f.settings.Schedule, since)
	line := Line{AtSeconds: rounded(since.Seconds()), Phase: phase.Name, ByPod: map[string]Figures{}}
	all := f.gone
	for address, pod := range f.pods {
		counts := pod.Outcomes.Take()
		line.ByPod[address] = counts.figures(over)
		all.add(counts)
	}
	f.gone = Counts{}
	line.Figures = all.figures(over)
	_ = json.NewEncoder(out).Encode(line)
}
