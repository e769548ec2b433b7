# syntax=docker/dockerfile:1
# One image with the three tools: seed, mock-server, loadgen. See compose.yaml.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The caches stay out of the image; what is wanted is copied out of them in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --package seeder --package mock-server --package loadgen --features seeder/stripe \
    && install --strip -D --target-directory=/out target/release/seed target/release/mock-server target/release/loadgen

FROM debian:bookworm-slim
RUN useradd --create-home --uid 10001 load \
    && install --directory --owner=load --group=load /load /load/results
COPY --from=build /out/ /usr/local/bin/
USER load
WORKDIR /load
EXPOSE 8089
CMD ["mock-server", "--listen", "0.0.0.0:8089"]
