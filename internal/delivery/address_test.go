package delivery_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/delivery"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, why := range map[string]string{
		"0.0.0.0": "unspecified", "0.1.2.3": "this network",
		"127.0.0.1": "loopback", "127.255.255.254": "loopback",
		"10.0.0.0": "private", "10.255.255.255": "private", "172.16.0.1": "private", "172.31.255.255": "private",
		"192.168.0.1": "private", "192.168.255.255": "private",
		"100.64.0.0": "carrier-grade NAT", "100.100.100.200": "a cloud's metadata", "100.127.255.255": "carrier-grade NAT",
		"169.254.0.1": "link-local", "169.254.169.254": "a cloud's metadata", "169.254.170.2": "a container's credentials",
		"192.0.0.1": "protocol assignments", "192.0.0.192": "a cloud's metadata", "192.0.2.1": "documentation", "198.51.100.7": "documentation",
		"203.0.113.9": "documentation", "192.88.99.1": "6to4 relay", "198.18.0.1": "benchmarks", "198.19.255.255": "benchmarks",
		"224.0.0.1": "multicast", "239.255.255.255": "multicast", "240.0.0.1": "reserved", "255.255.255.255": "broadcast",
		"::": "unspecified", "::1": "loopback",
		"::ffff:127.0.0.1": "mapped loopback", "::ffff:10.0.0.1": "mapped private", "::ffff:169.254.169.254": "mapped metadata", "::ffff:100.64.0.1": "mapped",
		"::ffff:0.0.0.0": "mapped unspecified",
		"::127.0.0.1":    "IPv4-compatible loopback", "::a00:1": "IPv4-compatible private", "::ffff:0:7f00:1": "IPv4-translated loopback",
		"64:ff9b::7f00:1": "NAT64 of loopback", "64:ff9b::a9fe:a9fe": "NAT64 of metadata", "64:ff9b::808:808": "NAT64", "64:ff9b:1::a00:1": "local NAT64",
		"2002:7f00:1::": "6to4 of loopback", "2002:a00:1::1": "6to4 of private", "2002:a9fe:a9fe::1": "6to4 of metadata", "2002:808:808::1": "6to4",
		"2001::1": "Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2": "Teredo", "2001:2::1": "benchmarks", "2001:10::1": "ORCHID", "2001:20::1": "ORCHIDv2",
		"2001:db8::1": "documentation", "3fff::1": "documentation",
		"fc00::1": "unique local", "fd00:ec2::254": "a cloud's metadata", "fdff::1": "unique local",
		"fe80::1": "link-local", "fe80::1%eth0": "link-local", "febf::1": "link-local", "fec0::1": "site-local",
		"ff02::1": "multicast", "ff0e::1": "multicast",
		"100::1": "discard", "5f00::1": "segment routing", "1::1": "not given to anybody", "4000::1": "not given to anybody",
		"2606:4700::1%eth0": "a zone",
	} {
		t.Run("refuses_"+address, func(t *testing.T) {
			t.Parallel()
			require.False(t, delivery.Public(netip.MustParseAddr(address)), why)
		})
	}
	require.False(t, delivery.Public(netip.Addr{}))
	for _, address := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.0.1", "172.15.0.1", "172.32.0.1",
		"192.0.1.1", "192.167.0.1", "192.169.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "::ffff:8.8.8.8",
		"2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450::1", "2003::1", "2001:200::1",
	} {
		t.Run("takes_"+address, func(t *testing.T) {
			t.Parallel()
			require.True(t, delivery.Public(netip.MustParseAddr(address)))
		})
	}
}
