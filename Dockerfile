# syntax=docker/dockerfile:1
FROM rust:1.95.0-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpq-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The caches outlive the layer: a change of the sources compiles the service alone, not what it uses.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked \
    && install -D target/release/conum /out/conum

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin conum
COPY --from=build /out/conum /usr/local/bin/conum
# Where development keeps its signing key and writes its e-mails.
WORKDIR /var/lib/conum
RUN chown 10001:10001 /var/lib/conum
USER 10001:10001
# Demonstration keys and personas are for those who ask for them.
ENV CONUM_ENV=production CONUM_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["conum", "health"]
CMD ["conum", "serve"]
