package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/client-go/rest"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
)

type apiServerOptions struct {
	options
	pki  pki
	etcd string
	port int
}

// startAPIServer returns at once; the channel delivers the error with which the server ends.
func startAPIServer(ctx context.Context, o apiServerOptions) <-chan error {
	args := []string{
		"--etcd-servers=" + o.etcd, "--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", o.port), "--permit-port-sharing=true",
		// Without this the server advertises the address of the default route although it listens on loopback alone.
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + o.pki.path("apiserver.crt"), "--tls-private-key-file=" + o.pki.path("apiserver.key"),
		"--client-ca-file=" + o.pki.path("ca.crt"), "--cert-dir=" + filepath.Join(o.data, "apiserver"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + o.pki.path("service-account.pub"),
		"--service-account-signing-key-file=" + o.pki.path("service-account.key"),
		"--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/24", "--profiling=false", "--v=0",
	}
	if o.audit != "" {
		// One file for the whole run (the size is in megabytes): whoever counts requests must not lose some to rotation.
		args = append(args, "--audit-policy-file="+o.auditPolicy, "--audit-log-path="+o.audit, "--audit-log-maxsize=10000")
	}
	failed := make(chan error, 1)
	command := apiserver.NewAPIServerCommand()
	command.SetArgs(args)
	command.SilenceUsage = true
	go func() { failed <- command.ExecuteContext(ctx) }()
	return failed
}

// reservePort binds the port (0: one of the kernel's choice) without listening on it and keeps it until the process ends. The API
// server binds it a second time (--permit-port-sharing), so no other program can take it in between.
func reservePort(port int) (int, error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return 0, err
	}
	for _, option := range []int{unix.SO_REUSEPORT, unix.SO_REUSEADDR} {
		if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, option, 1); err != nil {
			return 0, err
		}
	}
	if err := unix.Bind(socket, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	bound, err := unix.Getsockname(socket)
	if err != nil {
		return 0, err
	}
	return bound.(*unix.SockaddrInet4).Port, nil
}

// waitReady asks /readyz, which turns true only after the roles of RBAC were made; /healthz does so before.
func waitReady(ctx context.Context, config *rest.Config, failed <-chan error) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(config.CAData)
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	for {
		if response, err := client.Get(config.Host + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-failed:
			return fmt.Errorf("the API server ended: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
