"""The operator's image from the repository's own Dockerfile, built where no registry and perhaps no index is reachable.

The same Dockerfile serves `docker build .`; here the base is the Debian tree of `python_base` and the wheels come from
a folder that is filled on the host, hash-checked twice: when downloaded and when installed.
"""

import shutil
import sys
import tomllib
from pathlib import Path

from tests.cluster import binaries, commands, python_base
from tests.cluster.errors import ClusterError
from tests.cluster.images import REGISTRY, Image, cached_image, content_key, folder_key, forget_older
from tests.cluster.places import cache_directory, repository_directory

NAME = "memdrift"
SOURCES = (
    *("Dockerfile", "pyproject.toml", "README.md", "LICENSE", "requirements/operator.txt"),
    "operator/memdrift/**/*",
)
REQUIREMENTS = "requirements/operator.txt"
DOWNLOAD_SECONDS_AT_MOST = 900
BUILD_SECONDS_AT_MOST = 900


def operator_image(repository: Path | None = None) -> Image:
    """The image of the operator as it is in a checkout (this one); built again only when one of its files changed."""
    repository = repository or repository_directory()
    _require_sources(repository)
    base = python_base.python_base_image()
    image = cached_image(NAME, content_key([base.reference, folder_key(repository, SOURCES)]))
    with binaries.only_one_builder(image.archive):
        if not image.archive.exists():
            _build(repository, base, image)
            forget_older(NAME, image)
    return image


def wheelhouse(repository: Path) -> Path:
    """A folder with every wheel of the requirements file and of the build backend; filled once per content."""
    requirements = repository / REQUIREMENTS
    backend = tomllib.loads((repository / "pyproject.toml").read_text())["build-system"]["requires"]
    folder = cache_directory() / "wheelhouses" / content_key([requirements.read_text(), *backend])
    with binaries.only_one_builder(folder):
        if not folder.exists():
            unfinished = folder.with_name(folder.name + ".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            download = (sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--dest", unfinished)
            commands.run(*download, "--require-hashes", "--requirement", requirements, seconds=DOWNLOAD_SECONDS_AT_MOST)
            commands.run(*download, *backend, seconds=DOWNLOAD_SECONDS_AT_MOST)
            unfinished.rename(folder)
    return folder


def _require_sources(repository: Path) -> None:
    missing = [name for name in SOURCES if "*" not in name and not (repository / name).exists()]
    if missing:
        raise ClusterError(f"the operator's image needs {', '.join(missing)} in {repository}")


def _build(repository: Path, base: Image, image: Image) -> None:
    context = cache_directory() / "build" / "operator-image"
    shutil.rmtree(context, ignore_errors=True)
    for pattern in SOURCES:
        for path in repository.glob(pattern):
            if path.is_file() and "__pycache__" not in path.parts:
                target = context / path.relative_to(repository)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    shutil.copytree(wheelhouse(repository), context / "build" / "wheelhouse")
    unfinished = image.archive.with_name(image.archive.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    buildah = python_base.buildah_words()
    try:
        name_of_base = python_base.load_into_buildah(base)
        commands.run(
            *(*buildah, "build", "--isolation=chroot", "--pull=never", "--layers", "--format=oci"),
            *(f"--tag={image.reference}", f"--build-arg=BASE_IMAGE={name_of_base}", context),
            seconds=BUILD_SECONDS_AT_MOST,
        )
        # Not compressed: the archive goes a few inches, and both ends would pay for it.
        push = ("push", "--quiet", "--disable-compression")
        commands.run(*buildah, *push, image.reference, f"oci-archive:{unfinished}:{image.reference}")
        _forget_older_builds(buildah, image)
        unfinished.rename(image.archive)
    finally:
        shutil.rmtree(context, ignore_errors=True)


def _forget_older_builds(buildah: tuple[str, ...], image: Image) -> None:
    # Layers that the current image shares stay, so the next build finds its dependencies ready.
    listed = commands.run(*buildah, "images", "--noheading", "--format", "{{.Name}}:{{.Tag}}")
    for reference in listed.split():
        if reference.startswith(f"{REGISTRY}/{NAME}:") and reference != image.reference:
            commands.succeeds(*buildah, "rmi", reference)
