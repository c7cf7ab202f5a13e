package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is what Prometheus may ask: the runtime's own figures, the working set, the requests counted and timed.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total",
			Help: "Requests answered.",
		}, []string{"code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_request_duration_seconds",
			Help:    "Time from a request's first line read to its answer written.",
			Buckets: prometheus.ExponentialBuckets(.0001, 1.3, 40), // narrow steps from 0.1 ms to 2.8 s
		}, nil),
	}
	m.registry.MustRegister(
		m.requests,
		m.seconds,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "container_memory_working_set_bytes",
			Help: "Resident memory and the page cache of the program's data files; see working_set.go.",
		}, workingSetBytes),
		// Live heap and the soft limit are runtime metrics that the collector leaves out unless asked for.
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(
			collectors.MetricsGC, collectors.MetricsMemory,
		)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Watch counts and times what the handler does.
func (m *Metrics) Watch(handler http.Handler) http.Handler {
	return promhttp.InstrumentHandlerDuration(m.seconds, promhttp.InstrumentHandlerCounter(m.requests, handler))
}

// Handler is /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}
