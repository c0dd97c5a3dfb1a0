// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Settings are facts about the cluster and its surroundings. Each is said once and
// reaches every component of the catalog that cares, by the wiring in the catalog;
// a component's own values come before it. Components outside of the catalog see
// nothing of them.
type Settings struct {
	// domain below which pages of components get their hosts: <component>.<domain>.
	// Without it no component gets an ingress.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$`
	Domain string `json:"domain,omitempty"`
	// hosts of single components, by component, instead of <component>.<domain>.
	// +optional
	// +kubebuilder:validation:MaxProperties=100
	Hosts map[string]Host `json:"hosts,omitempty"`
	// ingressClassName of every ingress. Default: nginx where ingress-nginx is in the
	// bundle, traefik where traefik is, else the cluster's default class.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	IngressClassName string `json:"ingressClassName,omitempty"`
	// clusterIssuer that signs the certificates of every ingress. With acme it is the
	// name of the one that is created (default: acme); without, it must exist.
	// Without either, ingresses have no TLS.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	ClusterIssuer string `json:"clusterIssuer,omitempty"`
	// acme creates a ClusterIssuer once cert-manager is Ready.
	// +optional
	ACME *ACMESettings `json:"acme,omitempty"`
	// storageClassName of every claim of a component. Given, what can keep its data
	// does so (prometheus, alertmanager, loki, tempo, grafana); unset, these start empty
	// when their pods do.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	StorageClassName string `json:"storageClassName,omitempty"`
	// dns says who serves the domain; external-dns writes there.
	// +optional
	DNS *DNSSettings `json:"dns,omitempty"`
	// objectStorage is where logs, traces and backups go.
	// +optional
	ObjectStorage *ObjectStorageSettings `json:"objectStorage,omitempty"`
	// retention of what components keep.
	// +optional
	Retention *RetentionSettings `json:"retention,omitempty"`
	// highAvailability runs more than one pod of what can be run so. Default: false.
	// +optional
	HighAvailability bool `json:"highAvailability,omitempty"`
	// imageRegistry is where every image comes from, instead of the charts' own: a host
	// with an optional path, for example registry.example.com/mirror. The rest of an
	// image's name stays.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-zA-Z0-9][a-zA-Z0-9.:-]*(/[a-z0-9._-]+)*$`
	ImageRegistry string `json:"imageRegistry,omitempty"`
	// appOfApps hands over to Argo CD: once it is Ready, a root Application deploys
	// what a Git repository holds.
	// +optional
	AppOfApps *AppOfAppsSettings `json:"appOfApps,omitempty"`
	// policies of the catalog, off unless named.
	// +optional
	Policies *PolicySettings `json:"policies,omitempty"`
}

// AppOfAppsSettings say what Argo CD's root Application deploys.
type AppOfAppsSettings struct {
	// repoURL of the Git repository, as Argo CD knows it.
	// +required
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^(https?://|ssh://|[^@\s/]+@[^:\s]+:)[^\s{}"'\\]+$`
	RepoURL string `json:"repoURL"`
	// path of a folder in it, relative. Default: the root.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^[^/\s{}"'\\][^\s{}"'\\]*$`
	Path string `json:"path,omitempty"`
	// targetRevision is a branch, a tag or a commit. Default: HEAD.
	// +optional
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^[^\s{}"'\\]+$`
	TargetRevision string `json:"targetRevision,omitempty"`
	// credentialsSecretRef names a Secret in the namespace of Argo CD with what the
	// repository asks for: username and password, sshPrivateKey, or
	// githubAppID, githubAppInstallationID and githubAppPrivateKey. Unset: none.
	// +optional
	CredentialsSecretRef *LocalSecretReference `json:"credentialsSecretRef,omitempty"`
}

// Host is a host name.
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$`
type Host string

// ACMESettings describe an account with a certificate authority such as Let's
// Encrypt. Hosts are proven over HTTP, by the ingress class.
type ACMESettings struct {
	// email that the authority writes to before a certificate expires.
	// +required
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^@\s]+@[^@\s]+$`
	Email string `json:"email"`
	// server is the directory's address. Default: Let's Encrypt's production service.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^https://[^\s{}"'\\]+$`
	Server string `json:"server,omitempty"`
}

// DNSSettings say who serves the zones.
type DNSSettings struct {
	// provider by the name that external-dns knows it by, for example aws, google,
	// azure, cloudflare or digitalocean.
	// +required
	// +kubebuilder:validation:Pattern=`^[a-z0-9-]+$`
	// +kubebuilder:validation:MaxLength=63
	Provider string `json:"provider"`
	// zones that may be written to. Default: domain.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	Zones []Host `json:"zones,omitempty"`
	// credentialsSecretRef names a Secret in the namespace of external-dns with the
	// provider's credentials; docs/settings.md says which keys each provider needs.
	// Unset: the pod's own identity.
	// +optional
	CredentialsSecretRef *LocalSecretReference `json:"credentialsSecretRef,omitempty"`
}

// LocalSecretReference names a Secret in the namespace of the component that reads it.
type LocalSecretReference struct {
	// name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// ObjectStorageProvider is who serves buckets.
// +kubebuilder:validation:Enum=aws;s3;gcp
type ObjectStorageProvider string

// BucketName is the name of a bucket.
// +kubebuilder:validation:MaxLength=222
// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
type BucketName string

// ObjectStorageSettings describe one place for the objects of all components.
// +kubebuilder:validation:XValidation:rule="self.provider != 's3' || has(self.endpoint)",message="objectStorage.endpoint is missing: a provider s3 is anybody's S3-compatible service, so say where it is"
// +kubebuilder:validation:XValidation:rule="self.provider != 'aws' || has(self.region)",message="objectStorage.region is missing: buckets of aws are in one"
// +kubebuilder:validation:XValidation:rule="self.provider != 'gcp' || !has(self.endpoint)",message="objectStorage.endpoint is for services other than Google's own: take it away, or use provider s3"
// +kubebuilder:validation:XValidation:rule="has(self.bucket) || (has(self.buckets) && size(self.buckets) > 0)",message="objectStorage needs bucket, or buckets by component"
type ObjectStorageSettings struct {
	// provider: aws, gcp, or s3 for any service that speaks its protocol.
	// +required
	Provider ObjectStorageProvider `json:"provider"`
	// bucket of every component that has none of its own in buckets.
	// +optional
	// +kubebuilder:validation:MaxLength=222
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	Bucket string `json:"bucket,omitempty"`
	// buckets of single components, by component: loki, velero, tempo.
	// +optional
	// +kubebuilder:validation:MaxProperties=20
	Buckets map[string]BucketName `json:"buckets,omitempty"`
	// region of the buckets.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	Region string `json:"region,omitempty"`
	// endpoint of the service, for provider s3.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^https?://[^\s{}"'\\]+$`
	Endpoint string `json:"endpoint,omitempty"`
	// credentialsSecretRef names a Secret that is in the namespace of each component
	// that uses it; docs/settings.md says which keys. Unset: the pods' own identity.
	// +optional
	CredentialsSecretRef *LocalSecretReference `json:"credentialsSecretRef,omitempty"`
}

// Retention is a number of hours, days, weeks or years.
// +kubebuilder:validation:Pattern=`^[1-9][0-9]{0,4}(h|d|w|y)$`
type Retention string

// LogRetention is a number of days, weeks or years: loki keeps nothing for less.
// +kubebuilder:validation:Pattern=`^[1-9][0-9]{0,3}(d|w|y)$`
type LogRetention string

// TraceRetention is a number of hours: tempo knows no days.
// +kubebuilder:validation:Pattern=`^[1-9][0-9]{0,5}h$`
type TraceRetention string

// RetentionSettings say how long components keep things. Unset: the catalog's.
type RetentionSettings struct {
	// metrics of prometheus.
	// +optional
	Metrics Retention `json:"metrics,omitempty"`
	// logs of loki, a day at least.
	// +optional
	Logs LogRetention `json:"logs,omitempty"`
	// traces of tempo, in hours.
	// +optional
	Traces TraceRetention `json:"traces,omitempty"`
}
