"""Container images as OCI archives, written directly: no engine, no registry, no root needed.

The same files give the same bytes, so an image's digest says whether anything changed. This module must not know which
images exist.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
CREATED = "1970-01-01T00:00:00Z"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class ImageFile:
    """One file of an image: where its bytes come from and its permission bits."""

    content: Path | bytes
    mode: int = 0o644

    def digest(self) -> str:
        """Changes with the bytes and the bits."""
        data = self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        return hashlib.sha256(data + oct(self.mode).encode()).hexdigest()


@dataclass(frozen=True)
class ImageConfig:
    """How a container of the image starts."""

    entrypoint: Sequence[str] = ()
    user: str = "65532:65532"
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = "/"

    def document(self) -> dict[str, Any]:
        """The `config` part of an OCI image configuration."""
        return {
            "Entrypoint": list(self.entrypoint),
            "User": self.user,
            "Env": [f"{name}={value}" for name, value in self.environment.items()],
            "WorkingDir": self.working_directory,
        }


def write_files_layer(layer: IO[bytes], files: Mapping[str, ImageFile]) -> None:
    """A layer of regular files by absolute path, with the folders they need."""
    with tarfile.open(fileobj=layer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        folders = {str(parent) for path in files for parent in PurePosixPath(path).parents} - {"/"}
        for folder in sorted(folders | {"/tmp"}):
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type = tarfile.DIRTYPE
            entry.mode = 0o1777 if folder == "/tmp" else 0o755
            tar.addfile(entry)
        for path, file in sorted(files.items()):
            data = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.mode, entry.size = file.mode, len(data)
            tar.addfile(entry, io.BytesIO(data))


def write_archive(archive: Path, reference: str, layer: IO[bytes], config: ImageConfig) -> None:
    """An OCI archive with one layer; replaces `archive` only when complete."""
    digest, size = _digest(layer)
    image_config = {
        "created": CREATED,
        "architecture": _architecture(),
        "os": "linux",
        "config": config.document(),
        "rootfs": {"type": "layers", "diff_ids": [digest]},
        "history": [{"created": CREATED}],
    }
    config_blob = json.dumps(image_config).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(CONFIG_TYPE, config_blob),
        "layers": [{"mediaType": LAYER_TYPE, "digest": digest, "size": size}],
    }
    manifest_blob = json.dumps(manifest).encode()
    # containerd reads the first name, buildah and skopeo the second.
    names = {"io.containerd.image.name": reference, "org.opencontainers.image.ref.name": reference}
    index = {
        "schemaVersion": 2,
        "manifests": [{**_descriptor(MANIFEST_TYPE, manifest_blob), "annotations": names}],
    }
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_name(archive.name + ".unfinished")
    with tarfile.open(unfinished, mode="w") as tar:
        _add(tar, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        _add(tar, "index.json", json.dumps(index).encode())
        _add(tar, _blob_path(_digest_of(config_blob)), config_blob)
        _add(tar, _blob_path(_digest_of(manifest_blob)), manifest_blob)
        entry = tarfile.TarInfo(_blob_path(digest))
        entry.size = size
        layer.seek(0)
        tar.addfile(entry, layer)
    unfinished.rename(archive)


def _architecture() -> str:
    machine = Path("/proc/sys/kernel/arch")
    name = machine.read_text().strip() if machine.exists() else "x86_64"
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(name, name)


def _digest(stream: IO[bytes]) -> tuple[str, int]:
    stream.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return f"sha256:{digest.hexdigest()}", size


def _digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest_of(data), "size": len(data)}


def _blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))
