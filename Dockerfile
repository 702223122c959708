# The five programs as small static images that do not run as root:
#
#   docker build --target worker .
#   docker build --target starter .
#   docker build --target codecserver .
#   docker build --target gateway .
#   docker build --target simulator .

FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ENV CGO_ENABLED=0
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -ldflags="-s -w" -o /out/worker ./worker && \
    go build -trimpath -ldflags="-s -w" -o /out/starter ./starter && \
    go build -trimpath -ldflags="-s -w" -o /out/codecserver ./codecserver && \
    go build -trimpath -ldflags="-s -w" -o /out/gateway ./gateway && \
    go build -trimpath -ldflags="-s -w" -o /out/simulator ./simulator/cmd
RUN mkdir -m 0700 /out/data /out/tmp

# Nothing but certificates, one program and the folder of its data. A volume
# mounted at /data takes over this folder's owner and mode.
FROM scratch AS program
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /out/data /data
# Sealed bytes from a bucket pass through files without a name, still encrypted.
COPY --from=build --chown=65532:65532 /out/tmp /tmp
# Relative paths of the settings lie in /data, and so does the SDK's own
# configuration file, should there be one.
ENV HOME=/data
WORKDIR /data
USER 65532:65532
STOPSIGNAL SIGTERM

FROM program AS worker
COPY --from=build /out/worker /worker
ENTRYPOINT ["/worker"]

FROM program AS starter
COPY --from=build /out/starter /starter
ENTRYPOINT ["/starter"]

FROM program AS codecserver
COPY --from=build /out/codecserver /codecserver
# As for the simulator: published is what compose publishes.
ENV BIOENROLL_CODEC_LISTEN=0.0.0.0:8234
ENTRYPOINT ["/codecserver"]

FROM program AS gateway
COPY --from=build /out/gateway /gateway
# As for the simulator: published is what compose publishes.
ENV BIOENROLL_GATEWAY_LISTEN=0.0.0.0:7480
ENTRYPOINT ["/gateway"]

FROM program AS simulator
COPY --from=build /out/simulator /simulator
# Inside a container loopback reaches nobody; who may connect from outside is
# decided by what is published.
ENV SIMULATOR_LISTEN=0.0.0.0:7400
ENTRYPOINT ["/simulator"]
