package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Behaviour is what a request does beside reading the catalogue; it decides how memory develops.
type Behaviour func(ctx context.Context, entity int) error

// behaviours are made once, when the service starts.
var behaviours = map[string]func(Settings) (Behaviour, error){
	"context_children": newContextChildren,
	"goroutines":       newGoroutines,
	"growing_map":      newGrowingMap,
	"unclosed_body":    newUnclosedBody,
	"warming_cache":    newWarmingCache,
	"gc_sawtooth":      newGCSawtooth,
	"load_driven":      newLoadDriven,
	"growing_pool":     newGrowingPool,
	"page_cache":       newPageCache,
}

const upstreamName = "upstream"

func behaviourNames() []string {
	names := []string{upstreamName}
	for name := range behaviours {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func serviceHandler(settings Settings) (http.Handler, error) {
	if settings.Behaviour == upstreamName {
		return newUpstream(), nil
	}
	behave, err := behaviours[settings.Behaviour](settings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Behaviour, err)
	}
	catalogue := newCatalogue()
	metrics := newMetrics()
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.Handler())
	mux.Handle("GET /features", metrics.Watch(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entity, err := strconv.Atoi(r.FormValue("entity"))
		if err != nil || entity < 0 {
			http.Error(w, "entity: give a number from 0", http.StatusBadRequest)
			return
		}
		if err := behave(r.Context(), entity); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		catalogue.Answer(w, entity)
	})))
	return mux, nil
}
