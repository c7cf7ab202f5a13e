package main

import (
	"runtime/metrics"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

const (
	requestsPerSecond = 20
	calmSeconds       = 0.030
	// calmBytes of live heap slow nothing down.
	calmBytes = 40 << 20
	liveHeap  = "/gc/heap/live:bytes"
	mebibyte  = 1 << 20
)

// bucketsSeconds has an edge on the objective of 200 ms exactly.
var bucketsSeconds = []float64{.02, .03, .05, .075, .1, .125, .15, .175, .2, .225, .25, .3, .4, .5, .75, 1, 1.5, 2, 3, 5}

// Requests are made up at a flat rate; they take longer the more memory is live.
type Requests struct {
	count          prometheus.Counter
	seconds        prometheus.Observer
	secondsPerMiB  float64
	currentSeconds float64
}

func newRequests(registry *prometheus.Registry, slownessMilliseconds float64) *Requests {
	count := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "http_requests_total",
		Help: "Requests answered.",
	}, []string{"handler", "code"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "http_request_duration_seconds",
		Help:    "How long a request took.",
		Buckets: bucketsSeconds,
	}, []string{"handler"})
	registry.MustRegister(
		count,
		seconds,
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(
			collectors.MetricsGC, collectors.MetricsMemory,
		)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return &Requests{
		count:          count.WithLabelValues("features", "200"),
		seconds:        seconds.WithLabelValues("features"),
		secondsPerMiB:  slownessMilliseconds / 1000,
		currentSeconds: calmSeconds,
	}
}

// Answer is one request.
func (r *Requests) Answer() {
	r.count.Inc()
	r.seconds.Observe(r.currentSeconds)
}

// Measure looks at the live heap, which the requests to come will be slowed down by.
func (r *Requests) Measure() {
	sample := []metrics.Sample{{Name: liveHeap}}
	metrics.Read(sample)
	r.currentSeconds = calmSeconds
	if live := sample[0].Value.Uint64(); live > calmBytes {
		r.currentSeconds += r.secondsPerMiB * float64(live-calmBytes) / mebibyte
	}
}
