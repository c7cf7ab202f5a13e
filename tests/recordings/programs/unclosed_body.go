package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

const missingEntitiesPercent = 30

// newUpstream is the service that the leak asks: it knows seven entities of ten, and answers the rest with a long page.
func newUpstream() http.Handler {
	page := make([]byte, 8192)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entity, _ := strconv.Atoi(r.FormValue("entity"))
		if entity%100 < missingEntitiesPercent {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write(page)
			return
		}
		_, _ = w.Write(page[:512])
	})
}

// newUnclosedBody leaks: when the other service does not know the entity, the answer's body is neither read nor closed.
// Each time one connection, its buffers and two goroutines stay behind.
func newUnclosedBody(settings Settings) (Behaviour, error) {
	target, err := url.Parse(settings.Upstream)
	if err != nil || target.Host == "" {
		return nil, errors.New("-upstream is missing: give the base address of a program with -behaviour=upstream")
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	return func(_ context.Context, entity int) error {
		// The request has no context: the one of our own request would end the other's body with it.
		answer, err := client.Get(target.String() + "/?entity=" + strconv.Itoa(entity))
		if err != nil {
			return err
		}
		if answer.StatusCode == http.StatusNotFound && settings.Leaking() {
			return nil
		}
		defer func() { _ = answer.Body.Close() }()
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}, nil
}
