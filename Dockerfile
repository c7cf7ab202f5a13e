# The operator's image. The base is an argument: any image with python3 (3.11 or later), its venv module and CA
# certificates. Where the build cannot reach a package index, put every wheel into build/wheelhouse first.
ARG BASE_IMAGE=python:3.11-slim

# Dependencies by the hashes in requirements/operator.txt and nothing else; a layer that changes only with that file.
FROM ${BASE_IMAGE} AS dependencies
WORKDIR /source
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Two environments, so that the installer stays out of the image.
RUN python3 -m venv /opt/installer && python3 -m venv --without-pip /opt/memdrift
# The first name exists always, the second only sometimes: together they make the folder optional.
COPY requirements/operator.txt build/wheelhous[e]/* ./wheelhouse/
RUN if ls wheelhouse/*.whl >/dev/null 2>&1; then export PIP_NO_INDEX=1 PIP_FIND_LINKS=/source/wheelhouse; fi; \
    /opt/installer/bin/pip --python /opt/memdrift/bin/python \
    install --require-hashes --only-binary=:all: -r wheelhouse/operator.txt

# Our own package, which adds no dependency, in a tree of its own that lies over the other.
FROM dependencies AS own
COPY pyproject.toml README.md LICENSE ./
COPY operator/memdrift operator/memdrift
RUN if ls wheelhouse/*.whl >/dev/null 2>&1; then export PIP_NO_INDEX=1 PIP_FIND_LINKS=/source/wheelhouse; fi; \
    /opt/installer/bin/pip --python /opt/memdrift/bin/python install --no-deps --prefix=/opt/own .

FROM ${BASE_IMAGE}
COPY --from=dependencies /opt/memdrift /opt/memdrift
COPY --from=own /opt/own /opt/memdrift
ENV PATH=/opt/memdrift/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
# A number, so that `runAsNonRoot` can be checked. Nothing in the image is its to write to.
USER 65532:65532
WORKDIR /
ENTRYPOINT ["memdrift"]
