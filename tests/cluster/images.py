"""Images of our own programs, made once per content and kept as archives in the cache.

An image's tag is made from its content: an unchanged image is not built again, and a changed one has another name, so
that a Deployment really rolls. Use `imagePullPolicy: Never`: no registry stands behind the names.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import binaries, commands, oci
from tests.cluster.errors import ClusterError
from tests.cluster.places import cache_directory

REGISTRY = "registry.local"
PROGRAMS = Path(__file__).parent / "programs"
GO_BUILD_SECONDS_AT_MOST = 900
ALERTMANAGER_TEMPLATES = Path("/usr/share/prometheus/alertmanager")


@dataclass(frozen=True)
class Image:
    """An image that can be loaded into a cluster."""

    reference: str
    archive: Path


def content_key(parts: Iterable[str]) -> str:
    """A short name for exactly this content."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def folder_key(folder: Path, patterns: Sequence[str] = ("**/*",)) -> str:
    """A short name for the files of a folder; what Python leaves behind does not count."""
    paths = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
    relevant = [path for path in paths if "__pycache__" not in path.parts]
    return content_key(
        f"{path.relative_to(folder)}:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in relevant
    )


def cached_image(name: str, key: str) -> Image:
    """Where the image of this content is, or would be, kept."""
    return Image(f"{REGISTRY}/{name}:{key}", cache_directory() / "images" / f"{name}-{key}.tar")


def forget_older(name: str, image: Image) -> None:
    """Deletes archives of earlier contents, which nothing asks for any more."""
    for archive in image.archive.parent.glob(f"{name}-{'?' * 16}.tar"):
        if archive != image.archive:
            archive.unlink(missing_ok=True)


def files_image(name: str, files: Mapping[str, oci.ImageFile], config: oci.ImageConfig) -> Image:
    """An image of these files and nothing else."""
    described = [f"{path}={file.digest()}" for path, file in sorted(files.items())]
    image = cached_image(name, content_key([*described, str(config.document())]))
    with binaries.only_one_builder(image.archive):
        if not image.archive.exists():
            with tempfile.TemporaryFile() as layer:
                oci.write_files_layer(layer, files)
                oci.write_archive(image.archive, image.reference, layer, config)
            forget_older(name, image)
    return image


def go_program(folder: Path, package: str = ".", *, flags: Sequence[str] = ()) -> Path:
    """A static program built from a Go module in this repository; built again only when its files changed."""
    key = content_key([folder_key(folder), package, *flags])
    program = cache_directory() / "programs" / f"go-{folder.name}-{Path(package).name or 'main'}-{key}"
    if program.exists():
        return program
    if commands.find_program("go") is None:
        raise ClusterError(f"Go is needed to build {folder}: install it")
    with binaries.only_one_builder(program):
        unfinished = program.with_name(program.name + ".unfinished")
        arguments = ["-trimpath", "-buildvcs=false", *flags, "-o", str(unfinished), package]
        static = {"CGO_ENABLED": "0", "GOWORK": "off"}
        commands.run(
            "go", "build", *arguments, folder=folder, extra_environment=static, seconds=GO_BUILD_SECONDS_AT_MOST
        )
        unfinished.rename(program)
    return program


def program_image(name: str, program: Path, *, environment: Mapping[str, str] | None = None) -> Image:
    """An image whose only content is one static program, which is its entry point."""
    path = f"/{name}"
    config = oci.ImageConfig(entrypoint=[path], environment=environment or {})
    return files_image(name, {path: oci.ImageFile(program, 0o755)}, config)


def pause_image() -> Image:
    """What holds a pod's namespaces; containerd needs it before the first pod."""
    return program_image("pause", go_program(PROGRAMS, "./pause", flags=("-ldflags", "-s -w")))


def probe_image() -> Image:
    """The guest of the cluster's own tests."""
    return program_image("probe", go_program(PROGRAMS, "./probe", flags=("-ldflags", "-s -w")))


def dynamic_program_files(program: Path) -> dict[str, oci.ImageFile]:
    """A dynamically linked program of this machine together with the libraries that it asks for."""
    files = {str(program): oci.ImageFile(program, 0o755)}
    for line in commands.run("ldd", program).splitlines():
        words = line.split()
        library = next((word for word in words if word.startswith("/")), None)
        if library is not None:
            files[library] = oci.ImageFile(Path(library), 0o755)
    return files


def packaged_program_image(name: str, program_names: Sequence[str], *, data: Path | None = None) -> Image:
    """An image of programs that a package installed here, with its data folder; the first one is the entry point."""
    files: dict[str, oci.ImageFile] = {"/etc/passwd": oci.ImageFile(b"nobody:x:65534:65534::/:/none\n")}
    paths = []
    for program_name in program_names:
        program = commands.find_program(program_name)
        if program is None:
            raise ClusterError(f"{program_name} is not installed: install the package that brings it")
        paths.append(str(program))
        files.update(dynamic_program_files(program))
    if data is not None:
        files.update({str(path): oci.ImageFile(path) for path in data.rglob("*") if path.is_file()})
    config = oci.ImageConfig(entrypoint=[paths[0]], user="65534:65534")
    return files_image(name, files, config)


def prometheus_image() -> Image:
    """Prometheus; its entry point is the server. Give it writable storage: the image has none."""
    return program_image("prometheus", binaries.find_programs(binaries.prometheus_build())["prometheus"])


def alertmanager_image() -> Image:
    """Alertmanager; give it writable storage: the image has none."""
    return packaged_program_image("alertmanager", ["prometheus-alertmanager"], data=ALERTMANAGER_TEMPLATES)
