# The image: one binary and its configuration. It runs without root.
#
#   docker build -t portcullis .
#   docker run --rm -p 8080:8080 -p 9901:9901 portcullis
#
# Both stages use Debian stable, so the binary runs with the C library that it was linked with.
#
# A tag can be moved to another image. For a release, pin both bases by digest, and keep the digests
# in your pipeline, where an update is a reviewed change:
#
#   docker buildx imagetools inspect rust:1-slim --format '{{.Manifest.Digest}}'
#   docker buildx imagetools inspect debian:stable-slim --format '{{.Manifest.Digest}}'
#   docker build --build-arg BUILD_IMAGE=rust:1-slim@sha256:... \
#       --build-arg RUNTIME_IMAGE=debian:stable-slim@sha256:... -t portcullis .
#
# The tags are the default, because a digest that is written down here would miss the security
# updates of both images.
ARG BUILD_IMAGE=rust:1-slim
ARG RUNTIME_IMAGE=debian:stable-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY build.rs ./
COPY crates crates
COPY src src
# Cargo.toml names benchmarks and tests, and cargo requires their files.
COPY benches benches
COPY tests tests
# The training of the profile reads the sample contracts.
COPY contracts contracts
COPY deploy/build-dist deploy/build-dist
# The rules that `portcullis manifests` prints.
COPY deploy/prometheus deploy/prometheus
# Shown by `portcullis_build_info` and `/__owner`: --build-arg PORTCULLIS_BUILD_COMMIT=$(git rev-parse HEAD)
ARG PORTCULLIS_BUILD_COMMIT
# `--build-arg PGO=on` builds with a profile of its use, which takes twice the time (docs/building.md).
ARG PGO=off
# Python drives the training, and rustup adds the tools that read its counts.
RUN if [ "$PGO" != off ]; then \
        apt-get update -qq && apt-get install -qq --no-install-recommends python3 \
        && rm -rf /var/lib/apt/lists/* && rustup component add llvm-tools; \
    fi
# The caches outlive the layer, so a source change compiles only the crates of this workspace.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    deploy/build-dist /portcullis

FROM ${RUNTIME_IMAGE}
COPY --from=build /portcullis /usr/local/bin/portcullis
# Root certificates for https; the slim image has none.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY config.toml /etc/portcullis/config.toml
COPY contracts /etc/portcullis/contracts
COPY LICENSE /usr/share/doc/portcullis/LICENSE
WORKDIR /etc/portcullis
# Probes and scrapes come from outside the container.
ENV PORTCULLIS_ADMIN__ADDRESS=0.0.0.0:9901
# A number, so that an orchestrator can verify that it is not root.
USER 65532:65532
EXPOSE 8080 9901
ENTRYPOINT ["/usr/local/bin/portcullis"]
CMD ["serve", "--config", "/etc/portcullis/config.toml"]
