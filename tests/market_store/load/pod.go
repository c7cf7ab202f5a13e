package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	requestTimeout = 15 * time.Second
	idleLook       = 100 * time.Millisecond
)

// Pod is the load on one server pod: requests fall due at the schedule's rate whether or not earlier ones were
// answered, and those that would make more than the bound wait are refused here.
type Pod struct {
	Outcomes Outcomes

	address string
	target  url.URL
	waiting chan struct{}
	client  *http.Client
	keys    Keys
	budget  *atomic.Int64 // requests left in the whole run, shared by all pods
	stop    context.CancelFunc
}

func newPod(s Settings, address string, keys Keys, budget *atomic.Int64) *Pod {
	target := *s.Target
	target.Host = net.JoinHostPort(address, s.Target.Port())
	return &Pod{
		address: address,
		target:  target,
		waiting: make(chan struct{}, s.InFlight),
		keys:    keys,
		budget:  budget,
		client: &http.Client{
			Timeout: requestTimeout,
			Transport: &http.Transport{
				DialContext:         (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
				MaxIdleConnsPerHost: s.InFlight,
				MaxConnsPerHost:     s.InFlight,
				IdleConnTimeout:     time.Minute,
			},
		},
	}
}

// Press sends requests as they fall due until the context ends, the phases are over or the budget is spent.
func (p *Pod) Press(ctx context.Context, phases []Phase, start time.Time) {
	defer p.client.CloseIdleConnections()
	due := time.Now()
	for {
		phase, running := phaseAt(phases, due.Sub(start))
		if !running {
			return
		}
		if phase.RatePerSecond == 0 {
			due = due.Add(idleLook)
		} else {
			due = due.Add(time.Duration(float64(time.Second) / phase.RatePerSecond))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
		if phase.RatePerSecond > 0 && !p.sendDue(ctx, due) {
			return
		}
	}
}

// sendDue starts one request, or refuses it; false when the run's budget is spent.
func (p *Pod) sendDue(ctx context.Context, due time.Time) bool {
	if p.budget.Add(-1) < 0 {
		return false
	}
	select {
	case p.waiting <- struct{}{}:
	default:
		p.Outcomes.Refused()
		return true
	}
	go func() {
		defer func() { <-p.waiting }()
		switch err := p.request(ctx); {
		case err == nil:
			p.Outcomes.Answered(time.Since(due))
		case ctx.Err() == nil: // a request cut off because its pod is gone says nothing
			p.Outcomes.Failed()
		}
	}()
	return true
}

func (p *Pod) request(ctx context.Context) error {
	target := p.target
	target.RawQuery = url.Values{"entity": {strconv.Itoa(p.keys.Draw())}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err = io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return errUnexpectedStatus(answer.StatusCode)
	}
	return nil
}

type errUnexpectedStatus int

func (e errUnexpectedStatus) Error() string { return "answered with status " + strconv.Itoa(int(e)) }
