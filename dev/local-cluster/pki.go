package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// pki is a directory with the cluster's authority (ca), the server's certificate, the administrator's and the key that signs tokens.
// It is kept beside the data, so that tokens and kubeconfigs of an earlier run stay good.
type pki struct {
	directory string
	files     map[string][]byte
}

var pkiFiles = []string{
	"ca.crt", "apiserver.crt", "apiserver.key", "admin.crt", "admin.key", "service-account.pub", "service-account.key",
}

func (p pki) path(name string) string { return filepath.Join(p.directory, name) }
func (p pki) read(name string) []byte { return p.files[name] }

func loadOrCreatePKI(directory string) (pki, error) {
	p := pki{directory: directory, files: map[string][]byte{}}
	for _, name := range pkiFiles {
		content, err := os.ReadFile(p.path(name))
		if os.IsNotExist(err) {
			return createPKI(directory)
		}
		if err != nil {
			return p, err
		}
		p.files[name] = content
	}
	return p, nil
}

func createPKI(directory string) (pki, error) {
	p := pki{directory: directory, files: map[string][]byte{}}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return p, err
	}
	authority, err := newAuthority()
	if err != nil {
		return p, err
	}
	p.files["ca.crt"] = authority.pem()
	if p.files["apiserver.crt"], p.files["apiserver.key"], err = authority.issue(serverTemplate()); err != nil {
		return p, err
	}
	if p.files["admin.crt"], p.files["admin.key"], err = authority.issue(adminTemplate()); err != nil {
		return p, err
	}
	if p.files["service-account.pub"], p.files["service-account.key"], err = newTokenKey(); err != nil {
		return p, err
	}
	for name, content := range p.files {
		if err := os.WriteFile(p.path(name), content, 0o600); err != nil {
			return p, err
		}
	}
	return p, nil
}

func serverTemplate() *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)},
	}
}

// The group system:masters is bound to cluster-admin by the API server itself.
func adminTemplate() *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func newAuthority() (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	template := stamped(&x509.Certificate{
		Subject: pkix.Name{CommonName: "local-cluster"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return authority{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	return authority{certificate, key}, err
}

func (a authority) pem() []byte { return encode("CERTIFICATE", a.certificate.Raw) }

func (a authority) issue(template *x509.Certificate) (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, stamped(template), a.certificate, private.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	key, err = encodeKey(private)
	return encode("CERTIFICATE", der), key, err
}

func newTokenKey() (public, private []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, nil, err
	}
	private, err = encodeKey(key)
	return encode("PUBLIC KEY", der), private, err
}

// stamped gives a certificate a serial number and a year of life, from an hour ago because clocks differ.
func stamped(template *x509.Certificate) *x509.Certificate {
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = template.NotBefore.AddDate(1, 0, 0)
	return template
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	return encode("EC PRIVATE KEY", der), err
}

func (p pki) adminConfig(server string) *rest.Config {
	return &rest.Config{
		Host: server, QPS: 400, Burst: 800,
		TLSClientConfig: rest.TLSClientConfig{
			CAData: p.read("ca.crt"), CertData: p.read("admin.crt"), KeyData: p.read("admin.key"),
		},
	}
}

func writeKubeconfig(path string, config *rest.Config) error {
	const name = "studio-local"
	return clientcmd.WriteToFile(api.Config{
		Clusters:       map[string]*api.Cluster{name: {Server: config.Host, CertificateAuthorityData: config.CAData}},
		AuthInfos:      map[string]*api.AuthInfo{"admin": {ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}},
		Contexts:       map[string]*api.Context{name: {Cluster: name, AuthInfo: "admin"}},
		CurrentContext: name,
	}, path)
}
