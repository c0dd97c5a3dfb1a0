# The manager as a static binary on an image without a shell.
#
#   make docker-build IMG=registry.example.com/groundwork:v0.1.0
#   docker buildx build --platform linux/amd64,linux/arm64 -t ... .

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS TARGETARCH VERSION=dev
WORKDIR /src
ENV GOCACHE=/cache/build
# Modules first: they change less often than the sources.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY main.go options.go ./
COPY api api
COPY bundles bundles
COPY controllers controllers
COPY internal internal
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/cache/build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -buildvcs=false -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /manager .

# Certificates, time zones and the user 65532; nothing else.
FROM gcr.io/distroless/static:nonroot
COPY --from=build /manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
