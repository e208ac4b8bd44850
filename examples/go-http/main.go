// An HTTP service to be supervised: /health answers, /crash panics, SIGTERM ends it gracefully.
//
// The port comes from -port, else from PORT, else it is 8081.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetOutput(os.Stdout)
	port := flag.String("port", portFromEnvironment(), "port of 127.0.0.1 to answer on")
	flag.Parse()

	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "ok, pid %d\n", os.Getpid())
	})
	http.HandleFunc("/crash", func(http.ResponseWriter, *http.Request) {
		log.Print("go-http: panicking, as asked")
		// The server recovers a handler's panic, so it happens elsewhere.
		go panic("asked to crash")
		select {}
	})

	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	server := &http.Server{Addr: "127.0.0.1:" + *port, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Printf("go-http: pid %d answers on http://%s/health", os.Getpid(), server.Addr)

	select {
	case err := <-failed:
		log.Fatalf("go-http: %v", err)
	case <-ended.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(patience); err != nil && !errors.Is(err, http.ErrServerClosed) {
		log.Fatalf("go-http: cannot end gracefully: %v", err)
	}
	log.Print("go-http: ended gracefully")
}

func portFromEnvironment() string {
	if port := os.Getenv("PORT"); port != "" {
		return port
	}
	return "8081"
}
