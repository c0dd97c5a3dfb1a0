// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package players

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

// TestVolumeFolders follows the folder of a volume: it is there before the
// volume, however often that takes, and gone before the volume is.
func TestVolumeFolders(t *testing.T) {
	const provisioner = "example.test/volumes"
	client := fake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	claims, classes := factory.Core().V1().PersistentVolumeClaims(), factory.Storage().V1().StorageClasses()
	pvs := factory.Core().V1().PersistentVolumes()
	var folders []string
	full := true
	v := &volumes{
		VolumeOptions: VolumeOptions{
			Provisioner: provisioner, Root: "/data",
			Make: func(path string) error {
				if full {
					return errors.New("no space left")
				}
				folders = append(folders, path)
				return nil
			},
			Remove: func(path string) error {
				folders = slices.DeleteFunc(folders, func(f string) bool { return f == path })
				return nil
			},
		},
		client: client, log: slog.New(slog.DiscardHandler),
		claims: claims.Lister(), volumes: pvs.Lister(), classes: classes.Lister(),
	}
	class := "local"
	add(t, classes.Informer().GetIndexer().Add, &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{Name: class}, Provisioner: provisioner,
	})
	add(t, claims.Informer().GetIndexer().Add, &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "c", UID: types.UID("u1")},
		Spec:       corev1.PersistentVolumeClaimSpec{StorageClassName: &class},
	})

	if err := v.provision(t.Context(), "n/c"); err == nil {
		t.Error("a volume without a folder is no error")
	}
	if _, err := get(t.Context(), client); !apierrors.IsNotFound(err) {
		t.Errorf("the volume came before its folder: %v", err)
	}
	full = false
	if err := v.provision(t.Context(), "n/c"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/data/pvc-u1"}, folders); diff != "" {
		t.Error(diff)
	}
	volume, err := get(t.Context(), client)
	if err != nil || volume.Spec.HostPath.Path != "/data/pvc-u1" {
		t.Fatalf("the volume: %+v, %v", volume, err)
	}

	volume = volume.DeepCopy()
	volume.Status.Phase = corev1.VolumeReleased
	add(t, pvs.Informer().GetIndexer().Add, volume)
	if err := v.reclaim(t.Context(), volume.Name); err != nil {
		t.Fatal(err)
	}
	if len(folders) > 0 {
		t.Errorf("left: %v", folders)
	}
	if _, err := get(t.Context(), client); !apierrors.IsNotFound(err) {
		t.Errorf("the released volume: %v", err)
	}
}

func add(t *testing.T, add func(any) error, object any) {
	t.Helper()
	if err := add(object); err != nil {
		t.Fatal(err)
	}
}

func get(ctx context.Context, client *fake.Clientset) (*corev1.PersistentVolume, error) {
	return client.CoreV1().PersistentVolumes().Get(ctx, "pvc-u1", metav1.GetOptions{})
}
