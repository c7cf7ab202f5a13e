// Load presses one of the recorded programs: requests fall due at random moments, at a rate that swings, drifts and
// jitters. It is bounded in time, in requests and in requests that wait at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const (
	entities       = 1_000_000
	requestTimeout = 15 * time.Second
	longestRun     = 30 * time.Minute
	highestRate    = 500
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	var shape Shape
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	target := flags.String("target", "", "address to press, without the query")
	inFlight := flags.Int("in-flight", 200, "most requests that wait at once; more are refused here")
	flags.DurationVar(&shape.For, "for", time.Minute, "how long, at most 30 minutes")
	flags.Float64Var(&shape.Rate, "rate", 20, "mean requests per second")
	flags.Float64Var(&shape.From, "from", 1, "factor on the rate at the start")
	flags.Float64Var(&shape.To, "to", 1, "factor on the rate at the end")
	flags.DurationVar(&shape.Reaches, "reaches", 0, "when the factor is -to; 0: at the end")
	flags.Float64Var(&shape.Swing, "swing", 0.2, "half height of the sine, as a share of the rate")
	flags.DurationVar(&shape.Period, "period", 2*time.Minute, "length of the sine")
	flags.Float64Var(&shape.Jitter, "jitter", 0.05, "standard deviation of the rate from second to second, as a share")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if shape.For <= 0 || shape.For > longestRun {
		return fmt.Errorf("-for is %s: give a time of at most %s", shape.For, longestRun)
	}
	if highest := shape.Rate * max(shape.From, shape.To) * (1 + shape.Swing); !(highest > 0 && highest <= highestRate) {
		return fmt.Errorf("-rate leads to %g requests per second: give at most %d", highest, highestRate)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	press(ctx, *target, shape, *inFlight)
	return nil
}

// press sends requests whether or not earlier ones were answered, as users do.
func press(ctx context.Context, target string, shape Shape, inFlight int) {
	client := &http.Client{Timeout: requestTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: inFlight}}
	waiting := make(chan struct{}, inFlight)
	budget := int(2 * shape.Rate * max(shape.From, shape.To) * shape.For.Seconds())
	start := time.Now()
	for due := start; budget > 0; budget-- {
		due = due.Add(time.Duration(rand.ExpFloat64() / shape.RateAt(due.Sub(start)) * float64(time.Second)))
		if due.Sub(start) >= shape.For {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
		select {
		case waiting <- struct{}{}:
			go func() {
				defer func() { <-waiting }()
				request(client, target)
			}()
		default:
		}
	}
}

// request ignores failures: the recorded program counts its own.
func request(client *http.Client, target string) {
	answer, err := client.Get(target + "?entity=" + strconv.Itoa(rand.IntN(entities)))
	if err != nil {
		return
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, answer.Body)
}
