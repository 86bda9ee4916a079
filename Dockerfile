# readiness without its demo: docker build --tag readiness . (docs/how-to/install.md). What pip installs has a hash;
# the base image has none here, because no digest could be checked when this was written: pin it where you build.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/base.lock requirements/build.lock requirements/
RUN python -m venv /opt/readiness \
 && /opt/readiness/bin/pip install --require-hashes --only-binary=:all: --requirement requirements/base.lock \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --only-binary=:all: --requirement requirements/build.lock
COPY . .
RUN /opt/build/bin/hatchling build --target wheel \
 && /opt/readiness/bin/pip install --no-index --no-deps dist/*.whl \
 && /opt/readiness/bin/readiness --version

FROM python:3.11-slim-bookworm
COPY --from=build /opt/readiness /opt/readiness
ENV PATH=/opt/readiness/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --create-home readiness && install --directory --owner 10001 /data
USER 10001
WORKDIR /data
ENTRYPOINT ["readiness"]
CMD ["--help"]
