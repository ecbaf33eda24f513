# The image: one static program and the certificates of public authorities. It runs without root.
#
#   docker build -t portcullis .
#   docker run --rm -p 8080:8080 -p 9901:9901 portcullis serve --demo
#   docker run --rm -p 8080:8080 -p 9901:9901 -v "$PWD/config:/etc/portcullis:ro" portcullis
#
# It has no configuration: without one it refuses to start and says where it looked (docs/install.md).
#
# A tag can be moved to another image. For a release, pin the base by digest, and keep the digest in
# your pipeline, where an update is a reviewed change:
#
#   docker buildx imagetools inspect rust:1-alpine --format '{{.Manifest.Digest}}'
#   docker build --build-arg BUILD_IMAGE=rust:1-alpine@sha256:... -t portcullis .
#
# The tag is the default, because a digest that is written down here would miss security updates.
ARG BUILD_IMAGE=rust:1-alpine

# On Alpine, rustc links the C library into the program.
FROM ${BUILD_IMAGE} AS build
RUN apk add --no-cache bash musl-dev ca-certificates
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY build.rs ./
COPY crates crates
COPY src src
# Cargo.toml names benchmarks and tests, and cargo requires their files.
COPY benches benches
COPY tests tests
# The program contains the samples for `serve --demo`; the training of the profile reads them, too.
COPY config.toml config.toml
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
        apk add --no-cache python3 && rustup component add llvm-tools; \
    fi
# The caches outlive the layer, so a source change compiles only the crates of this workspace.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    deploy/build-dist /image/usr/local/bin/portcullis
# The rest of the image: certificates for https, folders, and a name for the number of the user.
COPY deploy/image-files deploy/image-files
COPY LICENSE ./
RUN deploy/image-files /image

FROM scratch
COPY --from=build /image /
WORKDIR /etc/portcullis
# Probes and scrapes come from outside the container.
ENV PORTCULLIS_ADMIN__ADDRESS=0.0.0.0:9901
# A number, so that an orchestrator can verify that it is not root.
USER 65532:65532
EXPOSE 8080 9901
# For engines without probes of their own; Kubernetes ignores it. With TLS on the admin port, set
# PORTCULLIS_ADMIN_URL and PORTCULLIS_ADMIN_CA, too.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/usr/local/bin/portcullis", "status", "--ready"]
ENTRYPOINT ["/usr/local/bin/portcullis"]
CMD ["serve", "--config", "/etc/portcullis/config.toml"]
