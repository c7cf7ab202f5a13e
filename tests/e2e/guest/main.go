// Guest is a service that leaks at a chosen pace and costs next to no CPU: for tests that need many incidents. What it
// serves is what memdrift measures of any service: runtime metrics, its requests counted and timed, and profiles on
// localhost. It must not be used to tell how well memdrift finds real leaks.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	serviceOn = ":8080"
	profileOn = "localhost:6060"
	// profileRate samples every chunk of a leak about twice; the default would see one in sixteen.
	profileRate = 16 * 1024
)

func main() {
	runtime.MemProfileRate = profileRate
	leak := flag.Int("leak", 0, "how much to leak, in MiB per minute; 0 is healthy")
	slowness := flag.Float64("slowness", 4, "how much slower a request gets per MiB of live heap, in milliseconds")
	flag.Parse()
	if err := run(*leak, *slowness); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		os.Exit(1)
	}
}

func run(leakMiBPerMinute int, slownessMilliseconds float64) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	registry := prometheus.NewRegistry()
	requests := newRequests(registry, slownessMilliseconds)
	leaked := &Leak{bytesPerSecond: leakMiBPerMinute << 20 / 60}
	go live(ctx, leaked, requests)

	service := http.NewServeMux()
	service.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	service.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	profiles := http.NewServeMux()
	profiles.HandleFunc("/debug/pprof/", pprof.Index)

	failed := make(chan error, 2)
	for address, handler := range map[string]http.Handler{serviceOn: service, profileOn: profiles} {
		server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		go func() { failed <- server.ListenAndServe() }()
	}
	select {
	case err := <-failed:
		return errors.Join(errors.New("a port could not be served"), err)
	case <-ctx.Done():
		return nil
	}
}

// live is what the service does all day.
func live(ctx context.Context, leaked *Leak, requests *Requests) {
	beats := time.NewTicker(time.Second / requestsPerSecond)
	collections := time.NewTicker(time.Second)
	defer beats.Stop()
	defer collections.Stop()
	for {
		select {
		case now := <-beats.C:
			leaked.Grow(now)
			requests.Answer()
		case <-collections.C:
			// A fresh figure of the live heap every second, as a busy service has.
			runtime.GC()
			requests.Measure()
		case <-ctx.Done():
			return
		}
	}
}
