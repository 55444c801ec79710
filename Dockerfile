# syntax=docker/dockerfile:1
# The service as it is shipped: the `dist` profile, without the demo and its relying-party library.

FROM rust:1.95.0-bookworm AS build
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist --no-default-features --bin dinhdanh \
    && cp target/dist/dinhdanh /dinhdanh

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/dinhdanh --create-home dinhdanh
COPY --from=build /dinhdanh /usr/local/bin/dinhdanh
COPY config/default.toml config/production.example.toml scripts/first-steps /usr/share/dinhdanh/
USER dinhdanh
WORKDIR /var/lib/dinhdanh
ENV DINHDANH_LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["dinhdanh"]
CMD ["serve"]
