// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package players

import (
	"context"
	"fmt"
	"log/slog"
	"path"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// Provisioner is the name StorageClasses use to be served by the volume player
// of a simulated cluster.
const Provisioner = "simcluster.groundwork.dev/volumes"

// VolumeOptions say whose claims the volume player serves, and where the
// volumes are.
type VolumeOptions struct {
	// Provisioner is the name in the StorageClasses served. Required.
	Provisioner string
	// Root is the folder on the Node below which each volume is a folder. Required.
	Root string
	// Make prepares a volume's folder before the volume exists; nil where no
	// container mounts one. It is called again after an error.
	Make func(path string) error
	// Remove ends a volume's folder before the volume is deleted; nil does nothing.
	Remove func(path string) error
}

// simulatedVolumes are never mounted: no container runs.
func simulatedVolumes() VolumeOptions {
	return VolumeOptions{Provisioner: Provisioner, Root: "/simulated"}
}

const (
	provisionedBy = "pv.kubernetes.io/provisioned-by"
	selectedNode  = "volume.kubernetes.io/selected-node"
)

// everything selects all objects of a lister.
var everything = labels.Everything()

// volumes plays an external provisioner. Binding stays the controller
// manager's work: a volume is created for its claim and no other.
type volumes struct {
	VolumeOptions
	client  kubernetes.Interface
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	classes storagelisters.StorageClassLister
	log     *slog.Logger
}

// RunVolumes plays the volume provisioner alone until ctx ends. It returns an
// error only when it cannot start.
func RunVolumes(ctx context.Context, config *rest.Config, opts VolumeOptions, log *slog.Logger) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	all, err := volumePlayers(client, factory, opts, log)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	factory.WaitForCacheSync(ctx.Done())
	if ctx.Err() != nil {
		return nil
	}
	return runAll(ctx, all)
}

func volumePlayers(
	client kubernetes.Interface, factory informers.SharedInformerFactory, opts VolumeOptions, log *slog.Logger,
) ([]*player, error) {
	claims := factory.Core().V1().PersistentVolumeClaims()
	pvs := factory.Core().V1().PersistentVolumes()
	classes := factory.Storage().V1().StorageClasses()
	v := &volumes{
		VolumeOptions: opts, client: client, log: log,
		claims: claims.Lister(), volumes: pvs.Lister(), classes: classes.Lister(),
	}

	provision := newPlayer("volume provisioner", log, v.provision)
	if err := provision.follow(claims.Informer()); err != nil {
		return nil, err
	}
	// A claim may be older than its class.
	_, err := classes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { v.requeueClaims(provision) },
	})
	if err != nil {
		return nil, fmt.Errorf("watch the StorageClasses: %w", err)
	}
	reclaim := newPlayer("volume reclaimer", log, v.reclaim)
	return []*player{provision, reclaim}, reclaim.follow(pvs.Informer())
}

func (v *volumes) requeueClaims(p *player) {
	claims, err := v.claims.List(everything)
	if err != nil {
		return // a lister over a cache does not fail
	}
	for _, claim := range claims {
		p.queue.Add(claim.Namespace + "/" + claim.Name)
	}
}

// provision creates the volume of a claim that waits for one.
func (v *volumes) provision(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	claim, err := v.claims.PersistentVolumeClaims(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil || claim.Spec.StorageClassName == nil {
		return nil
	}
	class, err := v.classes.Get(*claim.Spec.StorageClassName)
	if apierrors.IsNotFound(err) {
		return nil // the class's arrival queues the claim again
	}
	if err != nil {
		return err
	}
	if class.Provisioner != v.Provisioner || !due(claim, class) {
		return nil
	}
	volume := v.newVolume(claim, class)
	if v.Make != nil {
		if err := v.Make(volume.Spec.HostPath.Path); err != nil {
			return fmt.Errorf("make the volume's folder: %w", err)
		}
	}
	_, err = v.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create the volume: %w", err)
	}
	v.log.Info("volume", "claim", key)
	return nil
}

// due reports whether the class's binding mode lets the volume exist now.
func due(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) bool {
	mode := class.VolumeBindingMode
	if mode == nil || *mode != storagev1.VolumeBindingWaitForFirstConsumer {
		return true
	}
	return claim.Annotations[selectedNode] != ""
}

// newVolume returns a volume that only claim can bind. Its name is decided by
// the claim, so that it is never created twice.
func (v *volumes) newVolume(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) *corev1.PersistentVolume {
	reclaim := corev1.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		reclaim = *class.ReclaimPolicy
	}
	name := "pvc-" + string(claim.UID)
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{provisionedBy: v.Provisioner},
		},
		Spec: corev1.PersistentVolumeSpec{
			AccessModes:                   claim.Spec.AccessModes,
			Capacity:                      claim.Spec.Resources.Requests,
			VolumeMode:                    claim.Spec.VolumeMode,
			StorageClassName:              class.Name,
			PersistentVolumeReclaimPolicy: reclaim,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1",
				Kind:       "PersistentVolumeClaim",
				Namespace:  claim.Namespace,
				Name:       claim.Name,
				UID:        claim.UID,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: v.path(name)},
			},
		},
	}
}

func (v *volumes) path(volume string) string { return path.Join(v.Root, volume) }

// reclaim deletes a volume whose claim is gone, when its policy says so.
func (v *volumes) reclaim(ctx context.Context, key string) error {
	volume, err := v.volumes.Get(key)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if volume.Annotations[provisionedBy] != v.Provisioner || volume.DeletionTimestamp != nil ||
		volume.Status.Phase != corev1.VolumeReleased ||
		volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		return nil
	}
	if v.Remove != nil {
		if err := v.Remove(v.path(key)); err != nil {
			return fmt.Errorf("remove the volume's folder: %w", err)
		}
	}
	err = v.client.CoreV1().PersistentVolumes().Delete(ctx, key, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete the released volume: %w", err)
	}
	return nil
}
