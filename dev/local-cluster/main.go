// Command local-cluster is a Kubernetes control plane in one process, for development and tests: etcd, the API server, and the
// controllers that an operator of Jobs, Deployments and owned objects meets. It has no kubelet and no scheduler.
//
//	local-cluster -data DIR [-port PORT] [-audit FILE -audit-policy FILE]
//
// It makes its own certificates, writes DIR/kubeconfig, prints "ready https://127.0.0.1:PORT" when everything runs, and ends when its
// standard input is closed, so that it never outlives the process that started it. Started again with the same DIR and port it goes
// on where it was.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

type options struct {
	data        string
	port        int
	audit       string
	auditPolicy string
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "directory for etcd's data, the certificates and the kubeconfig")
	flag.IntVar(&o.port, "port", 0, "the API server's port on 127.0.0.1; 0 lets the kernel choose")
	flag.StringVar(&o.audit, "audit", "", "write one line per request to this file")
	flag.StringVar(&o.auditPolicy, "audit-policy", "", "the policy (audit.k8s.io/v1) for it")
	flag.Parse()
	if o.data == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(endWithStdin(ctx), o); err != nil {
		fmt.Fprintln(os.Stderr, "local-cluster:", err)
		os.Exit(1)
	}
}

// endWithStdin returns a context that also ends when nobody holds the other end of standard input any more.
func endWithStdin(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return ctx
}

func run(ctx context.Context, o options) error {
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(o.data, 0o700); err != nil { // it may have been there before
		return err
	}
	pki, err := loadOrCreatePKI(filepath.Join(o.data, "pki"))
	if err != nil {
		return fmt.Errorf("making certificates: %w", err)
	}
	// Never closed: its graceful end waits seconds for open watches, and its log is in the kernel's hands with every write.
	endpoint, err := startEtcd(o.data)
	if err != nil {
		return fmt.Errorf("starting etcd: %w", err)
	}

	port, err := reservePort(o.port)
	if err != nil {
		return fmt.Errorf("reserving port %d: %w", o.port, err)
	}
	server := fmt.Sprintf("https://127.0.0.1:%d", port)
	config := pki.adminConfig(server)
	failed := startAPIServer(ctx, apiServerOptions{options: o, pki: pki, etcd: endpoint, port: port})
	if err := waitReady(ctx, config, failed); err != nil {
		return err
	}
	if err := startControllers(ctx, config, pki.read("ca.crt")); err != nil {
		return fmt.Errorf("starting controllers: %w", err)
	}
	if err := writeKubeconfig(filepath.Join(o.data, "kubeconfig"), config); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	fmt.Println("ready", server)
	select {
	case err := <-failed:
		return fmt.Errorf("the API server ended: %w", err)
	case <-ctx.Done():
		return nil
	}
}
