package embedded

import (
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
)

const (
	clusterName = "active"

	// queueReadsPerSecond lifts the limit of 20 that spares a shared database and
	// costs some 50 ms at each of a workflow's hops on a single shard.
	queueReadsPerSecond = 2000

	// queueNotes is how often a queue notes how far it came. What is deleted waits
	// for the next note: half a minute on a cluster, too long for somebody who
	// watches.
	queueNotes = 3 * time.Second

	// skipSteps is how long the server looks ahead before it lets time be
	// skipped; the usual second would be the price of each skip.
	skipSteps = 10 * time.Millisecond
)

// serverConfig is what the configuration files of a cluster would say.
func serverConfig(opts Options, chosen ports, db *config.SQL) *config.Config {
	frontend := reachable(opts.Host, chosen.frontend)
	cfg := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     sqliteplugin.PluginName,
			VisibilityStore:  sqliteplugin.PluginName,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{sqliteplugin.PluginName: {SQL: db}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: frontend},
		Services: map[string]config.Service{
			string(primitives.FrontendService): listenOn(opts.Host, chosen.frontend),
			string(primitives.HistoryService):  listenOn(defaultHost, chosen.history),
			string(primitives.MatchingService): listenOn(defaultHost, chosen.matching),
			string(primitives.WorkerService):   listenOn(defaultHost, chosen.worker),
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchival{State: config.ArchivalDisabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: config.ArchivalDisabled},
		}},
	}
	cfg.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: defaultHost}
	if chosen.metrics != Off {
		cfg.Global.Metrics = prometheus(address(opts.Host, chosen.metrics))
	}
	return cfg
}

func listenOn(host string, port int) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: host}}
}

// prometheus keeps the plain metric names of a Temporal cluster ("action", not
// "action_total"). Of the two frameworks only this one closes its listener when
// the server stops.
func prometheus(listen string) *metrics.Config {
	return &metrics.Config{
		ClientConfig: metrics.ClientConfig{WithoutUnitSuffix: true, WithoutCounterSuffix: true},
		Prometheus:   &metrics.PrometheusConfig{Framework: metrics.FrameworkOpentelemetry, ListenAddress: listen},
	}
}

// hosts tells the services where the others are, in place of a gossip protocol
// that would need four more ports and a second to settle.
func hosts(opts Options, chosen ports) map[primitives.ServiceName]static.Hosts {
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(reachable(opts.Host, chosen.frontend)),
		primitives.HistoryService:  static.SingleLocalHost(address(defaultHost, chosen.history)),
		primitives.MatchingService: static.SingleLocalHost(address(defaultHost, chosen.matching)),
		primitives.WorkerService:   static.SingleLocalHost(address(defaultHost, chosen.worker)),
	}
}

// dynamicConfig holds the settings that differ from a cluster's defaults.
func dynamicConfig(opts Options) dynamicconfig.StaticClient {
	settings := dynamicconfig.StaticClient{
		dynamicconfig.TransferProcessorMaxPollRPS.Key():        queueReadsPerSecond,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():           queueReadsPerSecond,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key():      queueReadsPerSecond,
		dynamicconfig.TransferProcessorUpdateAckInterval.Key(): queueNotes,
		// A search attribute added a moment ago can be used at once.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		// Nothing in this process calls out to a foreign host.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
	}
	if opts.TimeSkipping {
		settings[dynamicconfig.WorkflowTimeSkippingEnabled.Key()] = true
		settings[dynamicconfig.TimerProcessorMaxTimeShift.Key()] = skipSteps
	}
	return settings
}
