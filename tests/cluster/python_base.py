"""A base image with Python 3.11 for machines that reach a Debian mirror but no image registry.

It stands in for the Dockerfile's default base. The mirror is the one that this machine's package sources name.
"""

import shutil
import tarfile
import tempfile

from tests.cluster import binaries, commands, mounts, oci
from tests.cluster.errors import ClusterError
from tests.cluster.images import Image, cached_image, content_key, forget_older
from tests.cluster.places import cache_directory

RELEASE = "bookworm"
PACKAGES = ("python3", "python3-venv", "ca-certificates")
# Nothing that a program reads while it runs; package lists also hold the mirror's address.
FILES_LEFT_OUT = (
    *("var/cache/", "var/lib/apt/lists/", "var/log/", "usr/share/doc/", "usr/share/man/", "usr/share/locale/"),
    *("usr/share/info/", "etc/apt/sources.list"),
)
# The machine's own while debootstrap worked; a container gets its own.
FOLDERS_LEFT_OUT = ("dev/", "proc/", "sys/", "run/", "usr/share/doc/", "usr/share/man/", "usr/share/locale/")
BOOTSTRAP_SECONDS_AT_MOST = 900


def python_base_image() -> Image:
    """The base image, made once (about a minute) and then kept."""
    image = cached_image("python-base", content_key([RELEASE, *PACKAGES, *FILES_LEFT_OUT, *FOLDERS_LEFT_OUT]))
    with binaries.only_one_builder(image.archive):
        if not image.archive.exists():
            _build(image)
            forget_older("python-base", image)
    return image


def package_mirror() -> str:
    """The first package mirror of this machine that has our release."""
    lines = commands.run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages")
    for line in lines.splitlines():
        address, _, release = line.partition(" ")
        if release == RELEASE:
            return address
    raise ClusterError(
        f"no package source of this machine has Debian {RELEASE}: add one, or give the image build another BASE_IMAGE"
    )


def _build(image: Image) -> None:
    folder = cache_directory() / "build" / "python-base"
    # debootstrap mounts inside the tree, and one that was killed left that behind.
    mounts.unmount_below(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        commands.run(
            *(str(commands.find_program("debootstrap")), "--variant=minbase", f"--include={','.join(PACKAGES)}"),
            *(RELEASE, folder, package_mirror()),
            seconds=BOOTSTRAP_SECONDS_AT_MOST,
        )
        with tempfile.TemporaryFile(dir=image.archive.parent) as layer:
            with tarfile.open(fileobj=layer, mode="w", format=tarfile.PAX_FORMAT) as tar:
                tar.add(folder, arcname=".", filter=_kept)
            config = oci.ImageConfig(
                entrypoint=(),
                user="",
                environment={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
            )
            oci.write_archive(image.archive, image.reference, layer, config)
    finally:
        mounts.unmount_below(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    path = entry.name.removeprefix("./")
    # Programs expect the folders even where nothing of ours lies in them.
    left_out = not entry.isdir() and path.startswith(FILES_LEFT_OUT)
    return None if left_out or path.startswith(FOLDERS_LEFT_OUT) else entry


def buildah_words() -> tuple[str, ...]:
    """The beginning of every buildah command: with a store of our own, apart from the user's images."""
    program = commands.find_program("buildah")
    if program is None:
        raise ClusterError("buildah is not installed: install it, or build with `docker build .` elsewhere")
    store = cache_directory() / "buildah"
    return (str(program), "--root", str(store / "root"), "--runroot", str(store / "run"))


def load_into_buildah(image: Image) -> str:
    """Makes the image a possible `FROM` for buildah and returns the name to use there."""
    if not commands.succeeds(*buildah_words(), "inspect", "--type=image", image.reference):
        if ":" in str(image.archive):
            raise ClusterError(
                f"buildah cannot read archives below a path with a colon: move the cache ({image.archive})"
            )
        commands.run(*buildah_words(), "pull", "--quiet", f"oci-archive:{image.archive}", seconds=300)
    return image.reference
