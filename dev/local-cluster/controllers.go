package main

import (
	"context"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"k8s.io/kubernetes/pkg/controller/cronjob"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/endpointslice"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/replicaset"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
	"k8s.io/kubernetes/pkg/controller/ttlafterfinished"
)

// clients is what the controllers share: one client, one set of caches.
type clients struct {
	kubernetes kubernetes.Interface
	metadata   metadata.Interface
	shared     informers.SharedInformerFactory
	all        informerfactory.InformerFactory
}

type loop func(ctx context.Context)

// startControllers runs the part of kube-controller-manager that is in use here, without its leader election.
func startControllers(ctx context.Context, config *rest.Config, rootCA []byte) error {
	c, err := newClients(config)
	if err != nil {
		return err
	}
	cachesStarted := make(chan struct{})
	var loops []loop
	for _, build := range []func(context.Context, clients) ([]loop, error){
		workloadControllers,
		func(ctx context.Context, c clients) ([]loop, error) { return accountControllers(ctx, c, rootCA) },
		func(ctx context.Context, c clients) ([]loop, error) { return namespaceController(ctx, c, config) },
		func(ctx context.Context, c clients) ([]loop, error) {
			return garbageCollector(ctx, c, config, cachesStarted)
		},
	} {
		built, err := build(ctx, c)
		if err != nil {
			return err
		}
		loops = append(loops, built...)
	}
	for _, run := range loops {
		go run(ctx)
	}
	c.all.Start(ctx.Done())
	c.shared.Start(ctx.Done())
	close(cachesStarted)
	return nil
}

func newClients(config *rest.Config) (clients, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return clients{}, err
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return clients{}, err
	}
	shared := informers.NewSharedInformerFactory(client, 0)
	all := informerfactory.NewInformerFactory(shared, metadatainformer.NewSharedInformerFactory(objects, 0))
	return clients{client, objects, shared, all}, nil
}

// actingAs gives a controller its own ServiceAccount's name and rights, as kube-controller-manager does. Needed where it matters who
// deletes: admission policies let some of them through.
func actingAs(config *rest.Config, controller string) (kubernetes.Interface, metadata.Interface, error) {
	own := rest.CopyConfig(config)
	own.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:kube-system:" + controller,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"},
	}
	client, err := kubernetes.NewForConfig(own)
	if err != nil {
		return nil, nil, err
	}
	objects, err := metadata.NewForConfig(own)
	return client, objects, err
}

func workloadControllers(ctx context.Context, c clients) ([]loop, error) {
	core, batch, apps := c.shared.Core().V1(), c.shared.Batch().V1(), c.shared.Apps().V1()
	jobs, err := job.NewController(ctx, c.kubernetes, core.Pods(), batch.Jobs(), nil, nil)
	if err != nil {
		return nil, err
	}
	cronJobs, err := cronjob.NewControllerV2(ctx, batch.Jobs(), batch.CronJobs(), c.kubernetes)
	if err != nil {
		return nil, err
	}
	deployments, err := deployment.NewDeploymentController(ctx, apps.Deployments(), apps.ReplicaSets(), core.Pods(), c.kubernetes)
	if err != nil {
		return nil, err
	}
	replicaSets := replicaset.NewReplicaSetController(ctx, apps.ReplicaSets(), core.Pods(), c.kubernetes, replicaset.BurstReplicas)
	finished := ttlafterfinished.New(ctx, batch.Jobs(), c.kubernetes)
	slices := endpointslice.NewController(ctx, core.Pods(), core.Services(), core.Nodes(), c.shared.Discovery().V1().EndpointSlices(),
		100, c.kubernetes, time.Second)
	return []loop{
		func(ctx context.Context) { jobs.Run(ctx, 5) },
		func(ctx context.Context) { cronJobs.Run(ctx, 2) },
		func(ctx context.Context) { deployments.Run(ctx, 2) },
		func(ctx context.Context) { replicaSets.Run(ctx, 2) },
		func(ctx context.Context) { finished.Run(ctx, 1) },
		func(ctx context.Context) { slices.Run(ctx, 2) },
	}, nil
}

func accountControllers(ctx context.Context, c clients, rootCA []byte) ([]loop, error) {
	core := c.shared.Core().V1()
	accounts, err := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx), core.ServiceAccounts(), core.Namespaces(),
		c.kubernetes, serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return nil, err
	}
	publisher, err := rootcacertpublisher.NewPublisher(core.ConfigMaps(), core.Namespaces(), c.kubernetes, rootCA)
	if err != nil {
		return nil, err
	}
	roles := clusterroleaggregation.NewClusterRoleAggregation(c.shared.Rbac().V1().ClusterRoles(), c.kubernetes.RbacV1())
	return []loop{
		func(ctx context.Context) { accounts.Run(ctx, 1) },
		func(ctx context.Context) { publisher.Run(ctx, 1) },
		func(ctx context.Context) { roles.Run(ctx, 1) },
	}, nil
}

func namespaceController(ctx context.Context, c clients, config *rest.Config) ([]loop, error) {
	client, objects, err := actingAs(config, "namespace-controller")
	if err != nil {
		return nil, err
	}
	namespaces := namespace.NewNamespaceController(ctx, client, objects, client.Discovery().ServerPreferredNamespacedResources,
		c.shared.Core().V1().Namespaces(), 5*time.Minute, v1.FinalizerKubernetes)
	return []loop{func(ctx context.Context) { namespaces.Run(ctx, 5) }}, nil
}

func garbageCollector(ctx context.Context, c clients, config *rest.Config, cachesStarted <-chan struct{}) ([]loop, error) {
	client, objects, err := actingAs(config, "generic-garbage-collector")
	if err != nil {
		return nil, err
	}
	discovery := client.Discovery()
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(discovery))
	graph := garbagecollector.NewDependencyGraphBuilder(ctx, objects, mapper, garbagecollector.DefaultIgnoredResources(), c.all, cachesStarted)
	collector, err := garbagecollector.NewComposedGarbageCollector(ctx, client, objects, mapper, graph)
	if err != nil {
		return nil, err
	}
	return []loop{
		func(ctx context.Context) { collector.Run(ctx, 5, 0) },
		// New kinds (our own CRDs) come under collection within this period.
		func(ctx context.Context) { collector.Sync(ctx, discovery, 5*time.Second) },
	}, nil
}
