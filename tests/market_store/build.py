"""Builds Market-Store and its load generator: one source, two module files, no registry.

The healthy and the leaking store differ in the version of one dependency alone (`go.mod`, `go.leak.mod`), and every
download is held against `go.sum`. This module must not switch that verification off, and must not start what it builds.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import binaries, commands, images, oci
from tests.cluster.errors import ClusterError
from tests.cluster.places import cache_directory

SOURCE = Path(__file__).resolve().parent
SOURCE_PATTERNS = ("*.go", "load/*.go", "go*.mod", "go*.sum")
BUILD_FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w")
BUILD_SECONDS_AT_MOST = 900


@dataclass(frozen=True)
class Program:
    """One static program of the demo and the image that carries it."""

    name: str
    """The image's name and the program's path inside the image."""
    tag: str
    package: str
    module_file: str

    @property
    def reference(self) -> str:
        """What a manifest writes as `image`."""
        return f"{images.REGISTRY}/{self.name}:{self.tag}"


HEALTHY_STORE = Program("market-store", "async-v0.0.5", ".", "go.mod")
LEAKING_STORE = Program("market-store", "async-v0.0.3", ".", "go.leak.mod")
LOAD = Program("market-store-load", "1", "./load", "go.mod")
PROGRAMS = (HEALTHY_STORE, LEAKING_STORE, LOAD)
REFERENCE_MILLISECONDS = 7.2
"""CPU time of one request on the slowest of the machines for which the manifests' rates and CPU limits were made."""
MEASUREMENTS = 5


def build_program(program: Program) -> Path:
    """The static program's path; built again only when its sources, its versions or the Go toolchain changed."""
    if commands.find_program("go") is None:
        raise ClusterError(f"Go is needed to build {program.reference}: install it")
    key = _content_key()
    built = cache_directory() / "programs" / f"{program.name}-{program.tag}-{key}"
    with binaries.only_one_builder(built):
        if not built.exists():
            unfinished = built.with_name(built.name + ".unfinished")
            arguments = [*BUILD_FLAGS, f"-modfile={program.module_file}", "-o", str(unfinished), program.package]
            _go("build", *arguments)
            unfinished.rename(built)
    return built


def build_image(program: Program) -> images.Image:
    """An image of nothing but the program, as an archive under the fixed name that the manifests use."""
    built = build_program(program)
    image = images.Image(program.reference, cache_directory() / "images" / f"{built.name}.tar")
    with binaries.only_one_builder(image.archive):
        if not image.archive.exists():
            path = f"/{program.name}"
            with tempfile.TemporaryFile() as layer:
                oci.write_files_layer(layer, {path: oci.ImageFile(built, 0o755)})
                oci.write_archive(image.archive, image.reference, layer, oci.ImageConfig(entrypoint=[path]))
            images.forget_older(f"{program.name}-{program.tag}", image)
    return image


def build_images() -> list[images.Image]:
    """The three images of the demo."""
    return [build_image(program) for program in PROGRAMS]


def milliseconds_per_request() -> float:
    """CPU time of one request on this machine, by itself; of some tries the least: other work only adds to it."""
    return min(_measured_milliseconds() for _ in range(MEASUREMENTS))


def _measured_milliseconds() -> float:
    answer: Mapping[str, float] = json.loads(
        commands.run(build_program(HEALTHY_STORE), "-measure-for=1s", extra_environment={"GOMAXPROCS": "1"})
    )
    return answer["cpu_per_request_milliseconds"]


def _content_key() -> str:
    return images.content_key([images.folder_key(SOURCE, SOURCE_PATTERNS), _go("version"), *BUILD_FLAGS])


def _go(*arguments: str) -> str:
    # GOFLAGS of the user must not change what is built here, nor loosen the verification of checksums.
    static = {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    return commands.run("go", *arguments, folder=SOURCE, extra_environment=static, seconds=BUILD_SECONDS_AT_MOST)


if __name__ == "__main__":
    print(json.dumps({image.reference: str(image.archive) for image in build_images()}, indent=2))
