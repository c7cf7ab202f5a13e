package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
)

// profileListener refuses an address that others could reach: profiles show the inside of the process.
func profileListener(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("-profile-on is %q: give host:port, as in localhost:6060", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("-profile-on is %q: only a loopback address is allowed, as in localhost:6060", address)
	}
	return net.Listen("tcp", address)
}

// profileHandler is a mux of its own, so that nothing of it can leak into the service's port.
func profileHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	return mux
}
