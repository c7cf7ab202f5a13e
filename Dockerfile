# The operator's image. The base is an argument: any image with python3 (3.11 or later), its venv module and CA
# certificates. Where the build cannot reach a package index, put every wheel into build/wheelhouse first.
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /source
RUN python3 -m venv /opt/memdrift
COPY pyproject.toml README.md LICENSE ./
# The first name exists always, the second only sometimes: together they make the folder optional.
COPY requirements/operator.txt build/wheelhous[e]/* ./wheelhouse/
COPY operator/memdrift operator/memdrift
# Dependencies by the hashes in requirements/operator.txt and nothing else; our own package adds none.
RUN export PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1; \
    if ls wheelhouse/*.whl >/dev/null 2>&1; then export PIP_NO_INDEX=1 PIP_FIND_LINKS=/source/wheelhouse; fi; \
    /opt/memdrift/bin/pip install --require-hashes --only-binary=:all: -r wheelhouse/operator.txt \
    && /opt/memdrift/bin/pip install --no-deps . \
    && /opt/memdrift/bin/pip uninstall --yes setuptools pip

FROM ${BASE_IMAGE}
COPY --from=build /opt/memdrift /opt/memdrift
ENV PATH=/opt/memdrift/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
# A number, so that `runAsNonRoot` can be checked; nobody's home, nothing to write to.
USER 65532:65532
WORKDIR /
ENTRYPOINT ["memdrift"]
