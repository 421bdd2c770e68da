# Two images, each for amd64 and arm64. The server, and, with `--target addon`, the Home Assistant add-on:
#
#     docker build -t roomtone .
#     docker run --rm roomtone demo
#
# Both bases must be of the same release of Debian: the build's Python is theirs. The add-on's is Home Assistant's own
# base image: give its whole name, with `--build-arg ADDON_BASE=...`, where it is not known by this one.

ARG BASE=debian:trixie-slim
ARG ADDON_BASE=home-assistant/base-debian:trixie


FROM ${BASE} AS build

RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

# What is in it: see docs/docker.md, and docs/licences.md for what is copyleft.
ARG EXTRAS=demo,whisper,piper,ollama,openai,http,mcp

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY satellite satellite
COPY server server

# Without pip in the end: nothing is installed in what runs.
RUN python3 -m venv /opt/roomtone \
    && /opt/roomtone/bin/pip install --no-cache-dir ".[${EXTRAS}]" \
    && /opt/roomtone/bin/pip uninstall --yes pip


FROM ${ADDON_BASE} AS addon

RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /data --no-create-home --shell /usr/sbin/nologin roomtone

COPY --from=build /opt/roomtone /opt/roomtone
COPY addon/roomtone/rootfs /

ENV PATH=/opt/roomtone/bin:${PATH} \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    ROOMTONE_STATE=/data/state \
    ROOMTONE_CACHE=/data/cache \
    ROOMTONE_SERVER_CONFIG=/run/roomtone/server.yaml

HEALTHCHECK --interval=60s --timeout=10s --start-period=10m CMD ["roomtone", "health"]

ARG BUILD_ARCH
ARG BUILD_VERSION
LABEL io.hass.type="app" io.hass.arch="${BUILD_ARCH}" io.hass.version="${BUILD_VERSION}"


FROM ${BASE} AS server

RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10760 --home-dir /data --no-create-home --shell /usr/sbin/nologin roomtone \
    && install --directory --owner=roomtone --group=roomtone --mode=700 /data

COPY --from=build /opt/roomtone /opt/roomtone

ENV PATH=/opt/roomtone/bin:${PATH} \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    ROOMTONE_STATE=/data/state \
    ROOMTONE_CACHE=/data/cache

USER roomtone
WORKDIR /data
VOLUME /data
EXPOSE 8760 8763 10750 10760

HEALTHCHECK --interval=60s --timeout=10s --start-period=10m CMD ["roomtone", "health"]

ENTRYPOINT ["roomtone"]
CMD ["server"]
