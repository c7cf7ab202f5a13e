// Recordings is one small feature service with a behaviour to choose: four real leaks and five healthy programs that
// look like one. It exists to be pressed with load and recorded; nothing in it is simulated but the waiting for others.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Settings are the command line.
type Settings struct {
	Behaviour string
	Listen    string
	Folder    string    // where the page cache behaviour keeps its file
	Upstream  string    // base address that the unclosed body behaviour asks
	LeaksFrom time.Time // until then a leak's mistake is not made
}

// Leaking says whether a leak's mistake is being made by now.
func (s Settings) Leaking() bool { return !time.Now().Before(s.LeaksFrom) }

func main() {
	settings, err := settingsFrom(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(settings)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "recordings:", err)
		os.Exit(1)
	}
}

func settingsFrom(arguments []string) (Settings, error) {
	var s Settings
	var leaksFrom int64
	flags := flag.NewFlagSet("recordings", flag.ContinueOnError)
	flags.StringVar(&s.Behaviour, "behaviour", "", "one of "+strings.Join(behaviourNames(), ", "))
	flags.StringVar(&s.Listen, "listen", "127.0.0.1:8080", "host:port on loopback")
	flags.StringVar(&s.Folder, "folder", os.TempDir(), "where the data file lies (page_cache)")
	flags.StringVar(&s.Upstream, "upstream", "", "base address to ask (unclosed_body)")
	flags.Int64Var(&leaksFrom, "leaks-from", 0, "Unix second from which on a leak leaks")
	if err := flags.Parse(arguments); err != nil {
		return s, err
	}
	s.LeaksFrom = time.Unix(leaksFrom, 0)
	if !slices.Contains(behaviourNames(), s.Behaviour) {
		return s, fmt.Errorf("-behaviour is %q: give one of %s", s.Behaviour, strings.Join(behaviourNames(), ", "))
	}
	return s, nil
}

func run(settings Settings) error {
	handler, err := serviceHandler(settings)
	if err != nil {
		return err
	}
	service := &http.Server{Addr: settings.Listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- service.ListenAndServe() }()
	select {
	case err = <-failed:
		return err
	case <-ctx.Done():
		return service.Close()
	}
}
