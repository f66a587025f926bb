// Package dns takes the place of the file in github.com/go-acme/lego/v5/providers/dns that imports some 180 DNS providers, and with them
// the clients of as many clouds: a thousand packages to download and compile. They are for certificates that Traefik gets by itself
// through ACME's DNS challenge; certificates here come in Secrets.
package dns

import (
	"fmt"

	"github.com/go-acme/lego/v5/challenge"
)

// NewDNSChallengeProviderByName always fails: no provider is built in.
func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	return nil, fmt.Errorf("DNS provider %q is not built in", name)
}
