# A static binary and nothing else: no shell, no package manager, no root.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/dossier ./cmd/dossier && mkdir -m 0700 /out/data

FROM scratch
COPY --from=build /out/dossier /dossier
# For a registry elsewhere (registry.url) behind TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# The folder carries its owner into the named volume that is mounted over it.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
EXPOSE 8080 2575 9090
ENTRYPOINT ["/dossier"]
CMD ["serve", "--data", "/data", "--http", "0.0.0.0:8080", "--mllp", "0.0.0.0:2575", "--admin", "0.0.0.0:9090"]
