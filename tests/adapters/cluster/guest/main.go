// Guest is a pod for the tests of the profiler: it serves Go's real profiles where the documentation says, and, on
// another port, every kind of answer that a profiler must survive. Those ports are bound to the loopback interface; the
// one that is not only says that the others are open.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"time"
)

const (
	profiles = "localhost:6060"
	hostile  = "localhost:6061"
	notHTTP  = "localhost:6062"
	ready    = ":8080"
)

var retained [][]byte

func main() {
	runtime.MemProfileRate = 4096
	for range 256 {
		retained = append(retained, retain(64*1024))
	}
	runtime.GC() // a profile shows what the last finished collection saw
	runtime.GC()
	go serveNotHTTP(listen(notHTTP))
	go serve(listen(hostile), answers())
	go serve(listen(profiles), nil)
	serve(listen(ready), http.NotFoundHandler())
}

func listen(address string) net.Listener {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

func serve(listener net.Listener, handler http.Handler) {
	log.Fatal(http.Serve(listener, handler))
}

//go:noinline
func retain(size int) []byte {
	return make([]byte, size)
}

func answers() *http.ServeMux {
	mux := http.NewServeMux()
	page := "<!doctype html><title>Welcome</title><p>Please log in."
	mux.HandleFunc("/page/heap", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page)
	})
	mux.HandleFunc("/half/heap", http.NotFound)
	mux.Handle("/half/goroutine", pprof.Handler("goroutine"))
	mux.HandleFunc("/gzip-of-nothing/heap", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3})
	})
	mux.HandleFunc("/redirect/heap", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://localhost:6060/debug/pprof/heap", http.StatusFound)
	})
	mux.HandleFunc("/announced/heap", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10000000000")
		w.Write(make([]byte, 1024))
	})
	mux.HandleFunc("/endless/heap", func(w http.ResponseWriter, r *http.Request) {
		block := make([]byte, 64*1024)
		for range 1024 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/drip/heap", func(w http.ResponseWriter, r *http.Request) {
		for range 600 {
			if _, err := w.Write([]byte{0x1f}); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	mux.HandleFunc("/short/heap", func(w http.ResponseWriter, _ *http.Request) {
		connection, buffer, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer connection.Close()
		fmt.Fprint(buffer, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nonly this")
		buffer.Flush()
	})
	mux.HandleFunc("/encoded/heap", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write([]byte{0x1f, 0x8b})
	})
	mux.HandleFunc("/end/heap", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, page)
		w.(http.Flusher).Flush()
		os.Exit(0)
	})
	return mux
}

// serveNotHTTP greets like a mail server, which is what a wrong port often is: something else.
func serveNotHTTP(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer connection.Close()
			fmt.Fprint(connection, "220 mail.example.com ready\r\n")
			bufio.NewReader(connection).ReadString('\n')
		}()
	}
}
