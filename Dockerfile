# Two stages: the first has pip and the build backend, the second only what runs.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_PROGRESS_BAR=off
WORKDIR /src

# The environment that is shipped holds no pip: the build environment's pip fills it from outside.
RUN python -m venv /build && python -m venv --without-pip /opt/kasparro

# Dependencies before code: a change of code reuses this layer. Every download must match a recorded hash.
COPY requirements.lock requirements-build.lock ./
RUN /build/bin/pip install --require-hashes -r requirements-build.lock \
 && /build/bin/pip --python /opt/kasparro/bin/python install --require-hashes -r requirements.lock

# The pages before the code, for the same reason. An image without them is not built: its layer would be kept.
COPY ui ui
RUN /build/bin/python ui/build.py

COPY pyproject.toml hatch_build.py README.md ./
COPY app app
COPY etl etl
COPY graphql_schema graphql_schema
COPY db db
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /build/bin/pip --python /opt/kasparro/bin/python install --no-deps --no-index /wheels/*.whl \
 && /opt/kasparro/bin/kasparro --help >/dev/null


FROM python:3.12-slim
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="kasparro" \
      org.opencontainers.image.description="Crypto market data, ingested so that you can prove nothing was lost, and served as a graph." \
      org.opencontainers.image.version="${VERSION}"

# A number, not a name, in USER: orchestrators that insist on non-root can check it without the image's passwd.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin kasparro \
 && install -d -o 10001 -g 10001 -m 0750 /data
COPY --from=build /opt/kasparro /opt/kasparro

# Byte code came with the environment and the code is root's. Temporary files (sorting a large CSV spills to one)
# go to the volume, since /tmp is often memory. So nothing outside /data is written, and a read-only root will do.
ENV PATH=/opt/kasparro/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TMPDIR=/data \
    HOST=0.0.0.0 \
    DATABASE_URL=sqlite:////data/kasparro.sqlite3
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000

# /health answers 200 while degraded (an upstream is down) and 503 without the database.
# http.client, because urllib would send the question to a proxy named in the environment.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-IS", "-c", "import http.client as h, os, sys; c = h.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or 8000), timeout=4); c.request('GET', '/health'); sys.exit(c.getresponse().status != 200)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["kasparro"]
CMD ["serve"]
