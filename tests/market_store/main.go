// Market-Store is the demonstration service of memdrift: a small feature store that is healthy or leaks by the version
// of one dependency alone (go.mod: healthy, go.leak.mod: leaking). See fanout.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const shutdownWithin = 8 * time.Second

func main() {
	settings, err := settingsFrom(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(settings)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "market-store:", err)
		os.Exit(1)
	}
}

func run(settings Settings) error {
	store := newStore(settings)
	if settings.MeasureFor > 0 {
		return measure(store, settings.MeasureFor, os.Stdout)
	}
	profiles, err := profileListener(settings.ProfileOn)
	if err != nil {
		return err
	}
	profiling := &http.Server{Handler: profileHandler(), ReadHeaderTimeout: 10 * time.Second}
	service := &http.Server{
		Addr: settings.Listen, Handler: serviceHandler(store, newMetrics()), ReadHeaderTimeout: 10 * time.Second,
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go store.forgetWhileIdle(ctx)

	failed := make(chan error, 2)
	go func() { failed <- profiling.Serve(profiles) }()
	go func() { failed <- service.ListenAndServe() }()
	select {
	case err = <-failed:
		return err
	case <-ctx.Done():
	}
	_ = profiling.Close()
	ending, cancel := context.WithTimeout(context.Background(), shutdownWithin)
	defer cancel()
	return service.Shutdown(ending)
}

func serviceHandler(store *Store, metrics *Metrics) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /features", metrics.Watch("features", store))
	mux.Handle("GET /metrics", metrics.Handler())
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	return mux
}

// forgetWhileIdle lets the memory of recent requests go when no new ones come.
func (s *Store) forgetWhileIdle(ctx context.Context) {
	if s.recent == nil {
		return
	}
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case now := <-ticks.C:
			s.recent.Forget(now)
		case <-ctx.Done():
			return
		}
	}
}
